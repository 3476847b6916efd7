"use strict";

// Charts come as data and layout without colours of text and grid; those are the page's.
const figures = JSON.parse(document.getElementById("figures").textContent);
const root = document.documentElement;
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
let chosenTheme = null;

function remembered() {
  // A page opened from disk may not be allowed to store anything.
  try { return localStorage.getItem("usdparquet-theme"); } catch { return null; }
}

function remember(theme) {
  try { localStorage.setItem("usdparquet-theme", theme); } catch { /* this visit only */ }
}

function applyTheme() {
  root.dataset.theme = chosenTheme || (systemDark.matches ? "dark" : "light");
}

function themed(layout) {
  const style = getComputedStyle(root);
  const color = (name) => style.getPropertyValue(name).trim();
  const axis = (given) => ({
    automargin: true, gridcolor: color("--line"), linecolor: color("--line"),
    zerolinecolor: color("--line"), zeroline: false, ...given,
  });
  return {
    ...layout,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: color("--text"), family: "system-ui, sans-serif", size: 13 },
    hoverlabel: {
      bgcolor: color("--panel"), bordercolor: color("--line"), font: { color: color("--text") },
    },
    legend: { orientation: "h", y: 1.03, yanchor: "bottom", x: 0 },
    margin: { l: 48, r: 8, t: 8, b: 32 },
    xaxis: axis(layout.xaxis),
    yaxis: axis(layout.yaxis),
  };
}

// Error bars have the colour of the text: they must be seen on every bar.
function withErrorColor(data) {
  const color = getComputedStyle(root).getPropertyValue("--text").trim();
  return data.map((trace) =>
    trace.error_y ? { ...trace, error_y: { ...trace.error_y, color } } : trace);
}

function drawCharts() {
  for (const [id, figure] of Object.entries(figures)) {
    Plotly.react(document.getElementById(id), withErrorColor(figure.data), themed(figure.layout), {
      responsive: true, displaylogo: false,
      modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
    });
  }
}

function setUpTheme() {
  chosenTheme = remembered();
  applyTheme();
  document.getElementById("theme").addEventListener("click", () => {
    chosenTheme = root.dataset.theme === "dark" ? "light" : "dark";
    remember(chosenTheme);
    applyTheme();
    drawCharts();
  });
  systemDark.addEventListener("change", () => { applyTheme(); drawCharts(); });
}

function sortKey(cell) {
  return cell.dataset.sort === undefined ? cell.textContent : Number(cell.dataset.sort);
}

function setUpRawTable() {
  const table = document.getElementById("raw-table");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const headings = Array.from(table.tHead.rows[0].cells);

  headings.forEach((heading, index) => {
    heading.querySelector("button").addEventListener("click", () => {
      const ascending = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((other) => other.setAttribute("aria-sort", "none"));
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      rows.sort((one, two) => {
        const a = sortKey(one.cells[index]);
        const b = sortKey(two.cells[index]);
        const order = typeof a === "number" ? a - b : a.localeCompare(b);
        return ascending ? order : -order;
      });
      body.append(...rows);
    });
  });

  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const update = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = `${count} of ${rows.length} rows`;
  };
  filter.addEventListener("input", update);
  update();
}

setUpTheme();
setUpRawTable();
drawCharts();
