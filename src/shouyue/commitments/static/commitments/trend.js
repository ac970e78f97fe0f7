// Draws the twelve months of a promise. The figures stand in the page's table too; the chart only repeats them.
// Tooltips are drawn as text inside the canvas (`richText`), because the policy allows no inline styles.
const box = document.querySelector("[data-trend]");

function colour(name, spare) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || spare;
}

function draw(chart) {
  const { months, kept, broken, share, words } = JSON.parse(box.dataset.trend);
  const dark = document.documentElement.dataset.bsTheme === "dark";
  const ink = colour("--sy-ink-soft", "#54657a");
  const line = colour("--sy-line", "#dfe4ea");
  chart.setOption({
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    aria: { enabled: true },
    color: dark ? ["#43a86b", "#e5605c", "#82b4f0"] : ["#25834b", "#c9302c", "#1d5fae"],
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value) => value ?? "—" },
    legend: { bottom: 0, textStyle: { color: ink } },
    grid: { left: 8, right: 8, top: 16, bottom: 40, containLabel: true },
    xAxis: { type: "category", data: months, axisLine: { lineStyle: { color: line } }, axisLabel: { color: ink } },
    yAxis: [
      { type: "value", minInterval: 1, splitLine: { lineStyle: { color: line } }, axisLabel: { color: ink } },
      { type: "value", min: 0, max: 100, splitLine: { show: false }, axisLabel: { color: ink, formatter: "{value} %" } },
    ],
    series: [
      { name: words.kept, type: "bar", stack: "due", data: kept, barMaxWidth: 28 },
      { name: words.broken, type: "bar", stack: "due", data: broken, barMaxWidth: 28 },
      { name: words.share, type: "line", yAxisIndex: 1, data: share, symbolSize: 7, connectNulls: false },
    ],
  });
}

if (box && window.echarts) {
  const chart = window.echarts.init(box, null, { renderer: "canvas" });
  draw(chart);
  addEventListener("resize", () => chart.resize());
  document.documentElement.addEventListener("theme:change", () => requestAnimationFrame(() => draw(chart)));
}
