"use strict";

// Charts come as data and layout without colours of text and grid; those are the page's.
// figures[chart][scene][option], with scene "*" for charts that are not of one scene.
const figures = JSON.parse(document.getElementById("figures").textContent);
const root = document.documentElement;
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
const tabs = Array.from(document.querySelectorAll("[role=tab]"));
const panels = Array.from(document.querySelectorAll("[role=tabpanel]"));
const sceneChoice = document.getElementById("scene");
const hiddenFormats = new Set();
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

function color(name) {
  return getComputedStyle(root).getPropertyValue(name).trim();
}

// Labels of categories lie flat where the widest has room, and stand where not.
function categoryAngle(element, { layout }) {
  const labels = layout.xaxis.categoryarray || [];
  const lines = labels.flatMap((label) => label.split("<br>"));
  const letter = element.clientWidth < 480 ? 6 : 7;
  const widest = Math.max(0, ...lines.map((line) => line.length)) * letter;
  const room = (element.clientWidth - 70) / Math.max(1, labels.length);
  return widest < room ? 0 : -90;
}

function themed(element, figure) {
  const { layout } = figure;
  const isNarrow = element.clientWidth < 480;
  const font = { size: isNarrow ? 10.5 : 12 };
  const axis = (given) => ({
    automargin: true, gridcolor: color("--line"), linecolor: color("--line"),
    zerolinecolor: color("--line"), zeroline: false, tickfont: font, ...given,
  });
  const axes = Object.keys(layout).filter((name) => /^[xy]axis/.test(name));
  return {
    ...layout,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: color("--text"), family: "system-ui, sans-serif", size: 13 },
    hoverlabel: {
      bgcolor: color("--panel"), bordercolor: color("--line"), font: { color: color("--text") },
    },
    showlegend: false,
    margin: { l: 48, r: 16, t: 8, b: 32 },
    ...Object.fromEntries(axes.map((name) => [name, axis(layout[name])])),
    xaxis: {
      ...axis(layout.xaxis), tickangle: categoryAngle(element, figure),
      nticks: layout.xaxis.categoryarray ? 0 : isNarrow ? 5 : 10,
    },
  };
}

// Error bars have the colour of the text: they must be seen on every bar.
function dressed(element, data) {
  const text = color("--text");
  const panel = color("--panel");
  const finer = element.clientWidth < 480 ? { thickness: 0.7, width: 0 } : {};
  return data.map((trace) => {
    const changed = { ...trace, visible: !hiddenFormats.has(trace.meta) };
    if (trace.error_y) changed.error_y = { ...trace.error_y, color: text, ...finer };
    if (trace.marker && trace.marker.pattern) {
      const pattern = { ...trace.marker.pattern, fgcolor: panel };
      changed.marker = { ...trace.marker, pattern };
    }
    return changed;
  });
}

function chosenScene() {
  const shown = document.querySelector("[data-scene]");
  return sceneChoice ? sceneChoice.value : shown && shown.dataset.scene;
}

// The options of a chart in the chosen scene. A choice is kept where the scene has it too.
function optionsOf(id) {
  return figures[id]["*"] || figures[id][chosenScene()] || {};
}

function chosenOption(id, options) {
  const select = document.querySelector(`select[data-for="${id}"]`);
  const names = Object.keys(options);
  if (!select) return names[0];
  const before = select.value;
  select.replaceChildren(...names.map((name) => new Option(name, name)));
  if (names.includes(before)) select.value = before;
  select.parentElement.hidden = names.length < 2;
  return select.value;
}

function drawChart(element) {
  const id = element.dataset.chart;
  const options = optionsOf(id);
  const figure = options[chosenOption(id, options)];
  element.parentElement.hidden = !figure;
  if (!figure) return;
  Plotly.react(element, dressed(element, figure.data), themed(element, figure), {
    responsive: true, displaylogo: false,
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
  });
}

// The legend has the formats that a chart of this scene shows, and no others.
function fitLegend(panel) {
  const ids = Array.from(panel.querySelectorAll("[data-chart]"), (element) => element.dataset.chart);
  const shown = new Set(ids.flatMap((id) => Object.values(optionsOf(id)))
    .flatMap((figure) => figure.data.map((trace) => trace.meta)));
  for (const entry of panel.querySelectorAll("[data-format]")) entry.hidden = !shown.has(entry.dataset.format);
  const missing = panel.querySelector(".missing");
  if (missing) missing.hidden = shown.size > 0;
}

// Only what is seen: a chart in a hidden panel would have no size.
function drawCharts() {
  for (const panel of document.querySelectorAll(".panel:not([hidden])")) {
    fitLegend(panel);
    for (const element of panel.querySelectorAll("[data-chart]")) drawChart(element);
  }
}

function showTab(tab, focus) {
  for (const other of tabs) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
  const panel = document.getElementById(tab.getAttribute("aria-controls"));
  if (sceneChoice) {
    sceneChoice.parentElement.classList.toggle("unused", panel.dataset.scenes === "no");
    sceneChoice.disabled = panel.dataset.scenes === "no";
  }
  if (focus) tab.focus();
  tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  try { history.replaceState(null, "", `#${tab.id.slice(4)}`); } catch { /* opened from disk */ }
  drawCharts();
}

function setUpTabs() {
  const moves = { ArrowRight: 1, ArrowLeft: -1 };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => showTab(tab, false));
    tab.addEventListener("keydown", (event) => {
      let next = null;
      if (event.key in moves) next = (index + moves[event.key] + tabs.length) % tabs.length;
      if (event.key === "Home") next = 0;
      if (event.key === "End") next = tabs.length - 1;
      if (next === null) return;
      event.preventDefault();
      showTab(tabs[next], true);
    });
  });
  const named = () => tabs.find((tab) => tab.id === `tab-${location.hash.slice(1)}`);
  window.addEventListener("hashchange", () => { if (named()) showTab(named(), false); });
  showTab(named() || tabs[0], false);
}

function setUpScenes() {
  if (!sceneChoice) return;
  const show = () => {
    for (const element of document.querySelectorAll("[data-scene]")) {
      element.hidden = element.dataset.scene !== sceneChoice.value;
    }
  };
  sceneChoice.addEventListener("change", () => { show(); drawCharts(); });
  show();
}

// One legend for all charts, in every tab.
function setUpLegend() {
  const entries = Array.from(document.querySelectorAll("[data-format]"));
  for (const entry of entries) {
    entry.addEventListener("click", () => {
      const name = entry.dataset.format;
      if (!hiddenFormats.delete(name)) hiddenFormats.add(name);
      for (const other of entries) {
        other.setAttribute("aria-pressed", String(!hiddenFormats.has(other.dataset.format)));
      }
      drawCharts();
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

// On paper every part is shown, in black on white.
function setUpPrint() {
  let before = [];
  let theme = "";
  window.addEventListener("beforeprint", () => {
    before = panels.map((panel) => panel.hidden);
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    for (const panel of panels) panel.hidden = false;
    drawCharts();
  });
  window.addEventListener("afterprint", () => {
    panels.forEach((panel, index) => { panel.hidden = before[index]; });
    root.dataset.theme = theme;
    drawCharts();
  });
}

setUpTheme();
setUpScenes();
setUpLegend();
for (const select of document.querySelectorAll("select[data-for]")) {
  select.addEventListener("change", () => {
    drawChart(document.querySelector(`[data-chart="${select.dataset.for}"]`));
  });
}
setUpTabs();
setUpPrint();
