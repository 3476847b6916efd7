"use strict";

// The table of all measurements: built here, so that the file holds every figure once.
(() => {
  const data = JSON.parse(document.getElementById("raw-rows").textContent);
  const table = document.getElementById("raw-table");
  const headings = Array.from(table.tHead.rows[0].cells);
  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");

  const shortened = (value) => {
    if (Number.isInteger(value)) return value.toLocaleString("en-US");
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString("en-US");
    return String(Number(value.toPrecision(3)));
  };

  const rows = data.map((values) => {
    const row = document.createElement("tr");
    values.forEach((value, index) => {
      const cell = row.insertCell();
      const isText = headings[index].classList.contains("text");
      if (isText) cell.className = "text";
      cell.textContent = isText ? value : shortened(value);
    });
    return { row, values, text: values.join(" ").toLowerCase() };
  });

  const kept = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    return rows.filter((entry) => words.every((word) => entry.text.includes(word)));
  };

  const update = () => {
    const found = kept();
    table.tBodies[0].replaceChildren(...found.map((entry) => entry.row));
    shown.textContent = `${found.length.toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")} rows`;
  };

  headings.forEach((heading, index) => {
    heading.querySelector("button").addEventListener("click", () => {
      const ascending = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((other) => other.setAttribute("aria-sort", "none"));
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      rows.sort((one, two) => {
        const a = one.values[index];
        const b = two.values[index];
        const order = typeof a === "number" ? a - b : a.localeCompare(b);
        return ascending ? order : -order;
      });
      update();
    });
  });

  const quoted = (value) => {
    const text = String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  document.getElementById("csv").addEventListener("click", () => {
    const head = headings.map((heading) => heading.textContent.trim());
    const lines = [head, ...kept().map((entry) => entry.values)];
    const text = lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = "usdparquet-benchmark.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });

  filter.addEventListener("input", update);
  update();
})();
