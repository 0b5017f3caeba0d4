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
      const told = element("dd");
      told.append(text instanceof Node ? text : String(text));
      const parts = [element("dt", name), told];
      if (!wrap) return parts;
      const box = element("div");
      box.append(...parts);
      return [box];
    }));
  }

  function link(address, text) {
    const made = element("a", text);
    made.href = address;
    made.rel = "noopener noreferrer";
    return made;
  }

  // A file at its line, on the web where the repository is there.
  function source(place) {
    if (!data.files || !place) return place;
    const [, path, line] = /^(.*?)(?::(\d+))?$/.exec(place);
    return link(`${data.files}${path.split("/").map(encodeURIComponent).join("/")}${line ? `#L${line}` : ""}`, place);
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
      ["kind", row[1]], ["pytest's outcome", row[2]], ["verdict", row[3]], ["change", change], ["where", source(row[4])],
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

  const SHOWN = 10;

  // The file above the test, so that what differs stands at the start of a line.
  function named(row) {
    const cell = element("td", undefined, "name");
    const button = element("button");
    const cut = row[0].indexOf("::");
    if (cut > 0) {
      const file = element("small");
      file.append(source(row[4]) || row[0].slice(0, cut), " ");
      cell.append(file);
    }
    button.append(element("span", cut > 0 ? row[0].slice(cut + 2) : row[0]));
    button.type = "button";
    button.title = row[0];
    button.addEventListener("click", () => details(row));
    cell.append(button);
    return cell;
  }

  function findings() {
    at("findings-section").hidden = !data.findings.length;
    const tones = { regressed: "bad", "over budget": "bad", inconclusive: "warn", improved: "good" };
    const place = Charts.scale(data.findings);
    fill("findings", data.findings.map((one, number) => {
      const picture = element("td", undefined, `picture ${tones[one.outcome] ?? ""}`);
      if (place && number < data.drawn) picture.append(Charts.finding(one, place));
      return [element("td", one.outcome, tones[one.outcome]), named(data.rows[one.row]), one.change, one.baseline, one.now, picture, element("td", one.why, "words")];
    }));
    const lines = [...at("findings").tBodies[0].rows];
    const fold = (folded) => lines.slice(SHOWN).forEach((line) => { line.hidden = folded; });
    fold(true);
    at("more").hidden = lines.length <= SHOWN;
    at("more").textContent = `Show ${lines.length - SHOWN} more`;
    at("more").addEventListener("click", () => { fold(false); at("more").hidden = true; });
    at("accept").hidden = !data.accept;
    const [code, copy] = [at("accept").querySelector("code"), at("accept").querySelector("button")];
    code.textContent = data.accept;
    copy.addEventListener("click", () => {
      getSelection().selectAllChildren(code);
      navigator.clipboard?.writeText(data.accept).then(() => { copy.textContent = "Copied"; }, () => {});
    });
  }

  function history() {
    const points = data.history ?? [];
    at("history-section").hidden = points.length < 2;
    fill("history", points.map((point) => [point.when, point.commit, point.branch, point.energy, point.grams, element("td", point.remark, "words")]));
  }

  function draw() {
    Charts.tree(at("beside").checked ? [...data.tree, ...data.beside] : data.tree);
    if ((data.history ?? []).length > 1) Charts.history(data.history);
  }

  function theme(dark) {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    at("theme").textContent = dark ? "Switch to light" : "Switch to dark";
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
  for (const [section, shown] of [["totals", data.totals], ["where", [...data.tree, ...data.beside]], ["tests", data.rows], ["facts", data.facts]]) at(`${section}-section`).hidden = !shown.length;
  pairs(at("totals"), data.totals, true);
  at("equivalents").textContent = data.equivalents.length ? `As much as ${data.equivalents.join(", or ")}.` : "";
  pairs(at("facts"), data.facts.map(([name, text]) => [name, name === "commit" && data.commit ? link(data.commit, text) : text]));
  fill("kinds", data.kinds);
  fill("phases", data.phases);
  const roots = [...data.tree, ...data.beside];
  fill("tree", [...folders(roots, 0, roots.reduce((sum, node) => sum + node[1], 0) || 1)].slice(0, 300), ["name"]);
  at("beside").checked = !data.tree.length;
  at("beside").addEventListener("change", draw);
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
