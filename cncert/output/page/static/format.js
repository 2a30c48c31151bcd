// Numbers, dates and names as the language of the page writes them.
"use strict";

{
  const locale = () => (Report.language === "zh" ? "zh-CN" : "en-GB");
  const made = new Map();
  const LONGEST_UNIT = 8;
  const COUNTERS = ["起", "个"];

  /** Formatters are costly to make: each once. */
  const formatter = (kind, options, name = locale()) => {
    const key = name + kind.name + JSON.stringify(options);
    if (!made.has(key)) made.set(key, new kind(name, options));
    return made.get(key);
  };

  const minus = (text) => text.replace("-", "−");
  const day = (text) => new Date(`${text}T00:00:00Z`);

  Report.number = (value) => minus(formatter(Intl.NumberFormat, { maximumFractionDigits: 2 }).format(value));

  /** Short, for axes: 278K, 27.8万. British English would write 3m for three million. */
  Report.compact = (value) => {
    const name = Report.language === "zh" ? "zh-CN" : "en-US";
    return minus(formatter(Intl.NumberFormat, { notation: "compact", maximumFractionDigits: 1 }, name).format(value));
  };

  Report.signed = (value) =>
    minus(formatter(Intl.NumberFormat, { signDisplay: "exceptZero", maximumFractionDigits: 2 }).format(value));

  /** 12.5 as 12.5%. */
  Report.percent = (value, digits = 1) =>
    minus(formatter(Intl.NumberFormat, { style: "percent", maximumFractionDigits: digits }).format(value / 100));

  Report.signedPercent = (value) => {
    const digits = Math.abs(value) < 100 ? 1 : 0;
    const options = { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" };
    return minus(formatter(Intl.NumberFormat, options).format(value / 100));
  };

  /** The days of a week: 13 – 19 Jan 2025, 2025年1月13日至1月19日. */
  Report.period = (week) => {
    const options = { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" };
    const [start, end] = [day(week.start), day(week.end)];
    const dates = formatter(Intl.DateTimeFormat, options);
    if (Report.language !== "zh") return dates.formatRange(start, end);
    const last = dates.format(end);
    return `${dates.format(start)}至${week.start.slice(0, 4) === week.end.slice(0, 4) ? last.replace(/^\d+年/, "") : last}`;
  };

  /** A moment as the day it was in China, with the time if *time*; a day alone stays one. */
  Report.moment = (text, time = false) => {
    const hasTime = time && text && text.length > 10;
    const options = { dateStyle: "medium", timeZone: "Asia/Shanghai", ...(hasTime && { timeStyle: "short" }) };
    return text ? formatter(Intl.DateTimeFormat, options).format(new Date(text)) : "–";
  };

  /** When an issue was published, or by when: the original of a reprint was published before that. */
  Report.published = (issue, time = false) => {
    const text = Report.moment(issue.published, time);
    return issue.is_bound ? Report.t("published_by", { time: text }) : text;
  };

  /** What an issue was read from, with the account that reprinted it. */
  Report.readFrom = (issue) => {
    const by = issue.reprinted_by && [Report.t("colon"), Report.quoted(issue.reprinted_by)];
    return [Report.t(`source.${issue.source}`) || issue.source, by];
  };

  /** The month of a tick: Jul, 7月. */
  Report.month = (date) => formatter(Intl.DateTimeFormat, { month: "short", timeZone: "UTC" }).format(date);

  /** 2025-03 as people say it. */
  Report.weekName = (id) => Report.t("week_name", { year: id.slice(0, 4), number: Number(id.slice(5)) });

  /** What a metric is called; the description of the data where the words do not know it. */
  Report.metricName = (metric) => Report.t(`metric.${metric.name}`) || metric[Report.language] || metric.name;

  /** Counting words (起, 个) are Chinese grammar, other units are said in both languages; what is long is no unit. */
  Report.unit = (unit) => {
    if (!unit || (Report.language !== "zh" && COUNTERS.includes(unit))) return "";
    return unit.length > LONGEST_UNIT ? `${unit.slice(0, LONGEST_UNIT)}…` : unit;
  };

  /** A figure as it is read, the number between its words: [about, 278,000, ], [约, 278,000, 个]. */
  Report.figureParts = (figure, metric) => {
    const word = (figure.q && Report.t(`qualifier.${figure.q}`)) || "";
    const unit = Report.unit(figure.u || metric.unit);
    const number = Report.number(figure.v);
    if (Report.language !== "zh") return [word && `${word} `, number, unit && ` ${unit}`];
    return figure.q === "以上" ? ["", number, unit + word] : [word, number, unit];
  };

  Report.figure = (figure, metric) => Report.figureParts(figure, metric).join("");
}
