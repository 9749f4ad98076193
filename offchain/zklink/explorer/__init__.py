"""The explorer: pages for people, made on the server from the answers of the API's methods, beside the API's doors.

Takes an application's `Calls` (see `zklink.api.app.build_app`, argument `pages`); gives routes. A page asks methods as
any caller does, at its caller's allowance and in the time that a call may take. Never computes what a method answers,
never asks a chain, never trusts a text that comes from a chain: every template escapes.

- `pages.py`: the table of pages, path by path, and the routes; a new page is a line there.
- `page.py`: one page's response: its view, its template, the headers (content security policy), refusals in words.
- `asking.py`: `Asker`, with which a view asks methods of the API; `Naming`, names of chains and tokens for templates.
- `formats.py`: the filters of templates: amounts, times, hashes, words for states.
- `views/`: a function for each page, `async def show_x(ask: Asker, request: Request) -> View`.
- `templates/`: `base.html` is the frame of every page (blocks `title`, `content`, `scripts`), `parts.html` the macros
  (status, icon, chip, facts, table cells), and a template for each page.
- `static/`: `site.css` (the design: colours and sizes are its custom properties), scripts of ours, and `vendor/`, the
  files of other people, which `vendor.json` lists with package, version, hashes and licence; `vendor.py` fetches them.
- `static_files.py`: serves `static/` from memory at `/static/..`, with a version in each address.

The policy is `default-src 'self'`: no script and no style stands in a page, and no attribute `style=` or `on..=`.
Scripts are modules or plain files of `static/`; a page names them in its block `scripts`.
"""
