"use strict";
// Fills the page from its data. Text is only ever set as text.

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);

  function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function fill(id, rows, classes = []) {
    at(id).tBodies[0].replaceChildren(...rows.map((cells) => {
      const line = element("tr");
      line.append(...cells.map((cell, place) => (cell instanceof Node ? cell : element("td", cell, classes[place]))));
      return line;
    }));
  }

  function pairs(list, items, wrap) {
    list.replaceChildren(...items.flatMap(([name, text]) => {
      const parts = [element("dt", name), element("dd", text)];
      if (!wrap) return parts;
      const box = element("div");
      box.append(...parts);
      return [box];
    }));
  }

  function* folders(nodes, depth, total) {
    for (const [name, value, words, children] of nodes) {
      yield [`${"\u2003".repeat(depth)}${name}`, words, `${(100 * value / total).toFixed(1)} %`];
      if (children.length && depth < 3) yield* folders(children, depth + 1, total);
    }
  }

  function details(row) {
    const dialog = at("details");
    at("details-name").textContent = row[0];
    const [energy, grams, cpu, wall, change] = row[5];
    const items = [
      ["kind", row[1]], ["pytest's outcome", row[2]], ["verdict", row[3]], ["change", change], ["where", row[4]],
      ["energy", energy], ["CO2e", grams], ["CPU time", cpu], ["wall time", wall],
      ...row[7].map(([phase, words]) => [phase, words]),
      ["method", row[8]], ["speed of the core", row[9] === null ? "" : String(row[9])],
    ];
    const finding = data.findings.find((one) => data.rows[one.row] === row);
    if (finding) items.push(["baseline", finding.baseline], ["between", finding.interval], ["why", finding.why]);
    pairs(dialog.querySelector("dl"), items.filter(([, text]) => text));
    dialog.showModal();
  }
  at("details").addEventListener("close", () => Rows.focus());

  function findings() {
    at("findings-section").hidden = !data.findings.length;
    const tones = { regressed: "bad", "over budget": "bad", inconclusive: "warn", improved: "good" };
    fill("findings", data.findings.map((one) => {
      const cell = element("td", undefined, "name");
      const link = element("button", data.rows[one.row][0]);
      link.type = "button";
      link.addEventListener("click", () => details(data.rows[one.row]));
      cell.append(link);
      return [element("td", one.outcome, tones[one.outcome]), cell, one.baseline, one.now, one.change, one.interval, element("td", one.why, "words")];
    }));
  }

  function history() {
    const points = data.history ?? [];
    at("history-section").hidden = points.length < 2;
    fill("history", points.map((point) => [point.when, point.commit, point.branch, point.energy, point.grams, element("td", point.remark, "words")]));
  }

  function draw() {
    Charts.tree(data.tree);
    Charts.findings(data.findings.slice(0, data.drawn), (one) => data.rows[one.row][0]);
    if ((data.history ?? []).length > 1) Charts.history(data.history);
  }

  function theme(dark) {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    at("theme").setAttribute("aria-pressed", String(dark));
    draw();
  }

  function choices(id, place) {
    const names = [...new Set(data.rows.map((row) => row[place]))].filter(Boolean).sort();
    at(id).append(...names.map((name) => { const option = element("option", name); option.value = name; return option; }));
  }

  function filter() {
    const count = Rows.filter(at("search").value, at("kind").value, at("verdict").value);
    at("count").textContent = `${count.toLocaleString("en")} of ${data.rows.length.toLocaleString("en")}`;
  }

  at("title").textContent = data.title;
  at("headline").textContent = data.headline;
  at("headline").classList.toggle("fails", data.fails);
  at("incomplete").hidden = !data.incomplete;
  at("incomplete").textContent = `This run is not complete: ${data.incomplete}`;
  at("print-limit").textContent = PRINTED;
  for (const [section, shown] of [["totals", data.totals], ["where", data.tree], ["tests", data.rows], ["facts", data.facts]]) at(`${section}-section`).hidden = !shown.length;
  pairs(at("totals"), data.totals, true);
  at("equivalents").textContent = data.equivalents.length ? `As much as ${data.equivalents.join(", or ")}.` : "";
  pairs(at("facts"), data.facts);
  fill("kinds", data.kinds);
  fill("phases", data.phases);
  fill("tree", [...folders(data.tree, 0, data.tree.reduce((sum, node) => sum + node[1], 0) || 1)].slice(0, 300), ["name"]);
  findings();
  history();
  choices("kind", 1);
  choices("verdict", 3);
  Rows.start(data.rows, details);
  filter();
  at("search").addEventListener("input", filter);
  at("kind").addEventListener("change", filter);
  at("verdict").addEventListener("change", filter);
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", (event) => theme(event.matches));
  at("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme !== "dark"));
  theme(dark.matches);
  document.documentElement.dataset.ready = "true";
})();
