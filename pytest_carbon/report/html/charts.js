"use strict";
// Draws what the tables say, too: the tree of energy, the findings, the history.

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

  const short = (text, longest) => (text.length > longest ? `${text.slice(0, longest / 3)}…${text.slice(-longest * 2 / 3)}` : text);

  const node = ([name, value, words, children]) => ({ name, value, words, children: children.length ? children.map(node) : undefined });

  function tree(roots) {
    if (!roots.length) return;
    const edge = color("--back");
    draw("tree-chart", 0, {
      color: ["#4e79a7", "#76b7b2", "#59a14f", "#af7aa1", "#9c755f", "#b07aa1", "#5b8ea6", "#8c8c3e"],
      tooltip: tooltip((at) => `${at.treePathInfo.slice(1).map((step) => step.name).join(" › ")}\n${at.data?.words ?? ""}`),
      series: [{
        type: "treemap", name: "all", roam: false, leafDepth: 2, visibleMin: 60, nodeClick: "zoomToNode",
        left: 0, right: 0, top: 0, bottom: 34, data: roots.map(node),
        breadcrumb: { bottom: 4, itemStyle: { color: color("--panel"), borderColor: color("--line"), textStyle: { color: color("--text") } } },
        label: { color: "#fff", lineHeight: 17, formatter: (at) => `${at.name}\n${at.data.words ?? ""}` },
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

  const percent = (ratio) => (ratio - 1) * 100;

  // An interval with a tick at both ends, on the row of its finding.
  function bar(params, api) {
    const row = api.value(2);
    const low = api.coord([api.value(0), row]);
    const high = api.coord([api.value(1), row]);
    const style = { stroke: api.visual("color"), lineWidth: 3, opacity: 0.7 };
    const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style });
    return { type: "group", children: [
      line(low[0], low[1], high[0], high[1]),
      line(low[0], low[1] - 5, low[0], low[1] + 5),
      line(high[0], high[1] - 5, high[0], high[1] + 5),
    ] };
  }

  function findings(found, names) {
    const kept = found.filter((one) => one.ratio !== null);
    document.getElementById("findings-chart").hidden = !kept.length;
    document.getElementById("findings-hint").hidden = !kept.length;
    if (!kept.length) return;
    const paint = { "over budget": "--bad", regressed: "--bad", inconclusive: "--warn", improved: "--good" };
    const of = (one) => color(paint[one.outcome] ?? "--accent");
    const limits = kept.map((one) => one.limit).filter((limit) => limit !== null);
    const lines = [{ xAxis: 0, lineStyle: { color: color("--quiet"), type: "solid" }, label: { position: "start", formatter: "baseline" } }];
    if (limits.length && limits.every((limit) => limit === limits[0])) {
      lines.push({ xAxis: percent(limits[0]), lineStyle: { color: color("--bad"), type: "dashed" }, label: { position: "start", formatter: "tolerance" } });
    }
    draw("findings-chart", 70 + 30 * kept.length, {
      aria: { enabled: true },
      grid: { left: 10, right: 30, top: 24, bottom: 24, containLabel: true },
      xAxis: { type: "value", scale: true, min: (range) => Math.max(-100, Math.floor(range.min / 10) * 10), axisLabel: { formatter: "{value} %", color: color("--quiet") }, splitLine: { lineStyle: { color: color("--line") } } },
      yAxis: { type: "category", inverse: true, data: kept.map((one) => short(names(one), Math.min(46, Math.floor(innerWidth / 20)))), axisLabel: { color: color("--text"), fontSize: 11 }, axisTick: { show: false } },
      tooltip: tooltip((at) => (at.data?.finding ? `${names(at.data.finding)}\n${at.data.finding.outcome}: ${at.data.finding.baseline} → ${at.data.finding.now} (${at.data.finding.change})` : "")),
      series: [
        { type: "custom", renderItem: bar, encode: { x: [0, 1], y: 2 }, data: kept.flatMap((one, row) => (one.low === null || one.high === null ? [] : [{ value: [percent(one.low), percent(one.high), row], itemStyle: { color: of(one) }, finding: one }])) },
        { type: "scatter", symbolSize: 7, data: kept.flatMap((one, row) => one.samples.map((sample) => ({ value: [percent(sample), row], itemStyle: { color: of(one), opacity: 0.45 }, finding: one }))) },
        { type: "scatter", symbol: "diamond", symbolSize: 13, markLine: { symbol: "none", silent: true, data: lines, label: { color: color("--quiet") } },
          data: kept.map((one, row) => ({ value: [percent(one.ratio), row], itemStyle: { color: of(one) }, finding: one })) },
      ],
    });
  }

  function history(points) {
    draw("history-chart", 0, {
      aria: { enabled: true },
      grid: { left: 10, right: 20, top: 20, bottom: 20, containLabel: true },
      xAxis: { type: "category", data: points.map((point) => `${point.when}\n${point.commit}`), axisLabel: { color: color("--quiet") } },
      yAxis: { type: "value", name: "J", min: 0, axisLabel: { color: color("--quiet") }, splitLine: { lineStyle: { color: color("--line") } } },
      tooltip: { ...tooltip((at) => `${points[at[0].dataIndex].when} ${points[at[0].dataIndex].commit}\n${points[at[0].dataIndex].energy}`), trigger: "axis" },
      series: [{ type: "line", data: points.map((point) => point.energy_j), showSymbol: true, symbolSize: 6, lineStyle: { color: color("--accent") }, itemStyle: { color: color("--accent") } }],
    });
  }

  addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
  return { tree, findings, history };
})();
