// Weeks, issues and the series of each metric, made from the data once.
"use strict";

{
  const { data } = Report;
  const DAY = 86_400_000;
  const LEVELS = ["危", "差", "中", "良", "优"];
  const PICTURE_FIGURES = "◇";
  const LONGEST_BRIDGE = 13;

  const weekIndex = new Map(data.weeks.map((week, index) => [week.id, index]));
  const issues = new Map(data.issues.map((issue) => [issue.id, issue]));

  for (const week of data.weeks) {
    week.time = Date.parse(`${week.start}T00:00:00Z`);
    week.stored = issues.has(week.id);
  }

  // That text and picture agree is told as a warning is, but is no doubt.
  for (const issue of data.issues) {
    issue.doubts = issue.warnings.filter(([code]) => code !== "picture_agrees");
  }

  /** A metric and its points, oldest first; a point is a week with its figure. */
  const series = data.metrics.map((metric) => ({ metric, points: [] }));
  for (const issue of data.issues) {
    const index = weekIndex.get(issue.id);
    const seen = new Set();
    for (const figure of issue.figures) {
      if (index === undefined || seen.has(figure.m)) continue;
      seen.add(figure.m);
      series[figure.m].points.push({ index, issue, figure, value: figure.v });
    }
  }

  /** The rating of each week as a series of levels, the best on top. */
  const rating = {
    metric: { name: "rating", unit: null, breaks: data.rating_breaks },
    levels: LEVELS,
    points: data.issues
      .filter((issue) => LEVELS.includes(issue.rating) && weekIndex.has(issue.id))
      .map((issue) => ({ index: weekIndex.get(issue.id), issue, figure: null, value: LEVELS.indexOf(issue.rating) + 1 })),
  };

  /** Whether two weeks of a metric may be compared: no change of its meaning lies, or may lie, between them. */
  const joined = (metric, one, other) => {
    const [low, high] = one < other ? [one, other] : [other, one];
    return low === high || !metric.breaks.some((known) => low < known.new && high > known.old);
  };

  /**
   * How the line goes between two points of a series that follow each other: "solid" from week to week, "dotted" over a few
   * weeks without a figure, null where they may not be compared or too much lies between them.
   */
  const link = (metric, one, other) => {
    const weeks = other.index - one.index;
    if (weeks > LONGEST_BRIDGE || !joined(metric, one.issue.id, other.issue.id)) return null;
    return weeks === 1 ? "solid" : "dotted";
  };

  /** Runs of weeks without an issue, from first to last index. */
  const gaps = [];
  data.weeks.forEach((week, index) => {
    if (week.stored) return;
    const last = gaps.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else gaps.push([index, index]);
  });

  /** The metrics in groups by the first part of their names. */
  const groups = () => {
    const found = new Map();
    if (rating.points.length) found.set("rating", [rating]);
    for (const one of series) {
      if (!one.points.length) continue;
      const [first] = one.metric.name.split(".");
      const name = first.startsWith("malware") ? "malware" : first;
      if (!found.has(name)) found.set(name, []);
      found.get(name).push(one);
    }
    return found;
  };

  const isPicture = (figure) => figure?.src === "picture";
  /** Readings below this want a person's look (docs/quality.md). */
  const isUnsure = (figure) => figure !== null && figure.conf < 0.92;

  /** What a figure is compared with: {word, value, change, pct} of the week before or the year before; else {word, text}. */
  const comparison = (issue, figure, kind) => {
    const word = Report.t(kind === "w" ? "week_before" : "year_before");
    const known = figure[kind];
    if (known && known.v !== null) return { word, value: known.v, change: figure.v - known.v, pct: known.pct };
    const id = kind === "w" ? data.weeks[weekIndex.get(issue.id) - 1]?.id : yearBefore(issue.id);
    const other = issues.get(id);
    if (!other) return { word, text: Report.t("compare_missing") };
    const has = other.figures.some((one) => one.m === figure.m);
    return { word, text: Report.t(has ? "compare_broken" : "compare_unstated") };
  };

  const weekOf = (issue) => data.weeks[weekIndex.get(issue.id)];

  const yearBefore = (id) => `${Number(id.slice(0, 4)) - 1}${id.slice(4)}`;

  /** ▲ +73 (+12.5%): a sign, not a colour, says where it went. */
  const changeText = ({ change, pct }) => {
    if (change === 0) return `＝ ${Report.t("unchanged")}`;
    const share = pct === null || pct === undefined ? "" : ` (${Report.signedPercent(pct)})`;
    return `${change > 0 ? "▲" : "▼"} ${Report.signed(change)}${share}`;
  };

  /** The same in words, for those who hear it. */
  const changeWords = ({ word, change, pct, text }) => {
    const begin = word + Report.t("colon");
    if (text) return begin + text;
    if (change === 0) return begin + Report.t("unchanged");
    const share = pct === null || pct === undefined ? "" : ` (${Report.percent(Math.abs(pct))})`;
    return `${begin}${Report.t(change > 0 ? "up_by" : "down_by")} ${Report.number(Math.abs(change))}${share}`;
  };

  Report.model = {
    DAY, LEVELS, PICTURE_FIGURES, weeks: data.weeks, weekIndex, issues, series, rating, gaps,
    link, groups, weekOf, isPicture, isUnsure, comparison, changeText, changeWords,
    newest: data.issues.at(-1) || null,
  };
}
