// Draws each element of class `chart` from the rows of the table that it names (`data-table`): every row says its
// point as `data-x` and `data-y`. `data-numbers` says that x counts something; otherwise it is a time. The tables stay:
// who cannot see a chart reads them, and without this file there is no chart.
"use strict";

(() => {
  const HEIGHT = 220;
  const drawn = new WeakMap();

  function readPoints(table) {
    const rows = [...table.querySelectorAll("tr[data-x]")];
    const points = rows.map((row) => [Number(row.dataset.x), Number(row.dataset.y)]);
    return points.sort((a, b) => a[0] - b[0]);
  }

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    return { ink: colour("--ink-soft"), line: colour("--line"), accent: colour("--accent") };
  }

  function makeOptions(chart, width) {
    const colours = readColours();
    const isCount = "numbers" in chart.dataset;
    const axis = { stroke: colours.ink, grid: { stroke: colours.line, width: 1 }, ticks: { stroke: colours.line } };
    const count = { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] };
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { x: { time: !isCount }, y: { range: (_, low, high) => [0, Math.max(high * 1.15, 1)] } },
      axes: [isCount ? { ...count, label: "block", labelSize: 22 } : axis, { ...axis, size: 64, values: (_, all) => all.map((v) => `${v} s`) }],
      series: [
        { label: isCount ? "block" : "asked" },
        { label: chart.dataset.label, stroke: colours.accent, width: 2, points: { show: true, size: 7, fill: colours.accent } },
      ],
    };
  }

  function draw(chart) {
    drawn.get(chart)?.destroy();
    drawn.delete(chart);
    const table = document.getElementById(chart.dataset.table);
    const points = table ? readPoints(table) : [];
    if (points.length < 2) return;
    const data = [points.map((point) => point[0]), points.map((point) => point[1])];
    chart.hidden = false;
    const width = Math.max(chart.parentElement.clientWidth - 40, 200);
    drawn.set(chart, new uPlot(makeOptions(chart, width), data, chart));
  }

  const drawAll = () => document.querySelectorAll(".chart").forEach(draw);
  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("htmx:after:swap", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("resize", drawAll);
})();
