// Keeps a page live when its stream of events is refused or breaks: it then asks for itself again now and then.
// htmx opens the stream, and opens a broken one again, but not one that was refused at first.
(() => {
  const SECONDS = 15;
  const feed = document.getElementById("feed");
  if (!feed) return;
  let isOpen = false;
  document.addEventListener("htmx:sse:after:connection", () => { isOpen = true; });
  for (const end of ["htmx:sse:error", "htmx:sse:close"]) {
    document.addEventListener(end, () => { isOpen = false; });
  }
  setInterval(() => {
    if (!isOpen && !document.hidden) feed.dispatchEvent(new Event("reset"));
  }, SECONDS * 1000);
})();
