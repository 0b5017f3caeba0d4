"use strict";
// Draws what the tables say, too: the tree of energy, each finding, the history.

const Charts = (() => {
  const { echarts } = vendor;
  const drawn = new Map();

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function draw(id, height, option) {
    const box = document.getElementById(id);
    if (height) box.style.height = `${height}px`;
    drawn.get(id)?.dispose();
    const chart = echarts.init(box, null, { renderer: "svg" });
    chart.setOption({ animation: false, textStyle: { color: color("--text"), fontFamily: "inherit" }, ...option });
    drawn.set(id, chart);
    return chart;
  }

  // Words are drawn as text of the picture, never as markup of the page.
  const tooltip = (formatter) => ({
    renderMode: "richText", confine: true, formatter,
    backgroundColor: color("--panel"), borderColor: color("--line"), textStyle: { color: color("--text") },
  });

  // What all of a folder's names begin with says nothing of one of them.
  const COMMON = "test_";
  function nodes(list) {
    const cut = list.length > 1 && list.every(([name]) => name.startsWith(COMMON) && name.length > COMMON.length) ? COMMON.length : 0;
    return list.map(([name, value, words, children]) => ({ name, value, words, short: name.slice(cut), children: children.length ? nodes(children) : undefined }));
  }

  function tree(roots) {
    if (!roots.length) return;
    const edge = color("--back");
    draw("tree-chart", 0, {
      color: ["#4e79a7", "#76b7b2", "#59a14f", "#af7aa1", "#9c755f", "#b07aa1", "#5b8ea6", "#8c8c3e"],
      tooltip: tooltip((at) => `${at.treePathInfo.slice(1).map((step) => step.name).join(" › ")}\n${at.data?.words ?? ""}`),
      series: [{
        type: "treemap", name: "all", roam: false, leafDepth: 2, visibleMin: 60, nodeClick: "zoomToNode",
        left: 0, right: 0, top: 0, bottom: 34, data: nodes(roots),
        breadcrumb: { bottom: 4, itemStyle: { color: color("--panel"), borderColor: color("--line"), textStyle: { color: color("--text") } } },
        label: { color: "#fff", lineHeight: 17, formatter: (at) => `${at.data.short ?? at.name}\n${at.data.words ?? ""}` },
        upperLabel: { show: true, height: 22, color: "#fff", formatter: (at) => `${at.name}  ${at.data.words ?? ""}` },
        itemStyle: { borderColor: edge, borderWidth: 1, gapWidth: 1 },
        levels: [
          { itemStyle: { borderWidth: 0, gapWidth: 3 }, upperLabel: { show: false } },
          // As deep as folders go: a heading stands on its border, which must not be the page's.
          ...Array.from({ length: 12 }, () => ({ itemStyle: { borderWidth: 2, gapWidth: 1, borderColorSaturation: 0.4 }, colorSaturation: [0.25, 0.5] })),
        ],
      }],
    });
  }

  // One scale for all rows, by the logarithm: a fall to a half is as long as a rise to the double.
  function scale(found) {
    const known = found.flatMap((one) => [one.ratio, one.low, one.high, one.limit, one.based ? 1 : null]).filter((ratio) => ratio > 0);
    if (!known.length) return null;
    const [low, high] = [Math.log(Math.min(...known)), Math.log(Math.max(...known))];
    const room = (high - low) * 0.06 || 0.1;
    return (ratio) => 4 + 172 * Math.min(1, Math.max(0, (Math.log(ratio) - low + room) / (high - low + 2 * room)));
  }

  // A finding as a small picture in its row; what it shows stands in the row's words, too.
  function finding(one, place) {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("viewBox", "0 0 180 22");
    picture.setAttribute("role", "img");
    const limit = one.based ? `tolerance ${((one.limit - 1) * 100).toFixed(0)} %` : "its budget";
    picture.setAttribute("aria-label", `${one.change || "over its budget"}${one.interval ? `, between ${one.interval}` : ""}; ${limit}`);
    const add = (tag, attributes) => {
      const part = document.createElementNS("http://www.w3.org/2000/svg", tag);
      Object.entries(attributes).forEach(([name, value]) => part.setAttribute(name, value));
      picture.append(part);
    };
    const line = (ratio, kind) => add("line", { class: kind, x1: place(ratio), x2: place(ratio), y1: 1, y2: 21 });
    if (one.based) line(1, "baseline");
    if (one.limit > 0) line(one.limit, "limit");
    if (one.low > 0 && one.high > 0) add("rect", { class: "interval", x: place(one.low), width: Math.max(2, place(one.high) - place(one.low)), y: 8, height: 6, rx: 2 });
    one.samples.filter((sample) => sample > 0).forEach((sample) => add("circle", { class: "sample", cx: place(sample), cy: 11, r: 2.5 }));
    if (one.ratio > 0) add("path", { class: "point", d: `M${place(one.ratio)} 5l5 6l-5 6l-5 -6z` });
    return picture;
  }

  function history(points) {
    draw("history-chart", 0, {
      aria: { enabled: true },
      grid: { left: 10, right: 20, top: 20, bottom: 20, containLabel: true },
      xAxis: { type: "category", data: points.map((point) => point.when), axisLabel: { color: color("--quiet"), hideOverlap: true, formatter: (when) => when.slice(0, 10) } },
      yAxis: { type: "value", name: "J", min: 0, axisLabel: { color: color("--quiet") }, splitLine: { lineStyle: { color: color("--line") } } },
      tooltip: { ...tooltip((at) => `${points[at[0].dataIndex].when} ${points[at[0].dataIndex].commit}\n${points[at[0].dataIndex].energy}`), trigger: "axis" },
      series: [{ type: "line", data: points.map((point) => point.energy_j), showSymbol: true, symbolSize: 6, lineStyle: { color: color("--accent") }, itemStyle: { color: color("--accent") } }],
    });
  }

  addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
  return { tree, scale, finding, history };
})();
