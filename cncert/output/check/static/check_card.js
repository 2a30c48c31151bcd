// One item: the part of the picture that the number was read from, what was read, what other weeks state, the buttons.
"use strict";

{
  const { h, svg, t, quoted } = Report;
  const REMARKABLE_RATIO = 3; // to the figure of another week

  const metrics = new Map(Report.data.metrics.map((metric) => [metric.name, metric]));

  /** The name of a metric in the language of the page, and in the other one. */
  const names = (name) => {
    const words = Report.data.words[`metric.${name}`] || { en: name, zh: metrics.get(name)?.zh || name };
    return Report.language === "zh" ? [words.zh, words.en] : [words.en, words.zh];
  };
  Report.metricTitle = (name) => names(name)[0];

  /** 1,370,000 台 */
  const amount = ({ value, unit }) => `${typeof value === "number" ? Report.number(value) : value}${unit ? ` ${unit}` : ""}`;

  const change = (percent) => (percent === null ? t("no_change") : Report.signedPercent(percent));

  /** A reading or a correction in words. */
  Report.describe = (one) => [Report.metricTitle(one.metric), amount(one), one.change_pct == null ? null : change(one.change_pct)].filter(Boolean).join(", ");

  /** A reason of the store, in the language of the page where it is known. */
  const reason = (text) => (Report.language === "zh" ? text.split("; ").map(translated).join("；") : text);
  const translated = (text) => {
    for (const [pattern, chinese] of Object.entries(Report.data.words.reasons)) {
      const known = new RegExp(`^${pattern.replace(/[+]/g, "[+]")}$`);
      if (known.test(text)) return text.replace(known, chinese);
    }
    return text;
  };

  /** The whole of *item* with its *buttons*; a *form* stands in place of what was read while it is corrected. */
  Report.card = (item, buttons, form, notice) =>
    h("article", { class: "card", "aria-labelledby": "card-title" },
      h("header", {},
        h("p", { class: "about" }, Report.weekName(item.issue), " · ", Report.linkOut(item.url, t("article"))),
        h("h2", { id: "card-title" }, names(item.metric)[0], " ", h("small", { lang: Report.language === "zh" ? "en" : "zh-CN" }, names(item.metric)[1]), " ", h("code", {}, item.metric)),
        h("p", { class: `state ${item.state}` }, t(`state.${item.state}`))),
      notice && h("p", { class: "notice", role: "alert" }, notice),
      h("div", { class: "beside" },
        h("div", { class: "crop" }, crop(item)),
        h("div", { class: "read" }, form || read(item), buttons)),
      h("div", { class: "more" }, facts(item), whole(item)));

  const framed = (source, alt, [x, y, width, height], box) => {
    const drawing = svg("svg", { viewBox: `${x} ${y} ${width} ${height}`, role: "img", "aria-label": alt },
      svg("image", { href: source, x, y, width, height, preserveAspectRatio: "none", on: { error: () => drawing.replaceWith(missing("")), load: () => drawing.setAttribute("data-loaded", "") } }),
      svg("rect", { class: "box", x: box[0], y: box[1], width: box[2], height: box[3] }));
    return drawing;
  };

  const drawn = new WeakMap(); // pictures stay when what stands beside them changes

  const once = (item, part, draw) => {
    const parts = drawn.get(item) || {};
    drawn.set(item, parts);
    parts[part] ||= draw();
    return parts[part];
  };

  const crop = (item) => {
    const { picture, pair } = item;
    if (picture.missing !== undefined) return missing(picture.missing);
    return once(item, "crop", () => framed(`/items/${item.id}/crop.png`, t("crop_alt"), picture.crop, pair.box));
  };

  const missing = (why) => h("div", { class: "missing" }, h("p", {}, t("picture_missing"), " ", why), h("p", { class: "about" }, t("picture_missing_hint")));

  const whole = (item) => {
    const { picture, pair } = item;
    if (picture.missing !== undefined) return null;
    const size = [0, 0, picture.width, picture.height];
    return h("figure", { class: "whole" },
      h("figcaption", { class: "label" }, t("whole_picture"), ` · ${picture.width}×${picture.height}`),
      h("div", { class: "scroller", tabindex: "0", "aria-label": t("whole_picture"), role: "group" },
        once(item, "whole", () => framed(`/items/${item.id}/whole.jpg`, t("whole_alt"), size, pair.box))));
  };

  const row = (word, ...content) => h("div", {}, h("dt", {}, t(word)), h("dd", {}, content));

  const read = ({ pair }) => [
    h("p", { class: "number-read" }, pair.qualifier && quoted(pair.qualifier), amount(pair)),
    h("dl", { class: "facts" },
      row("number_read", quoted(pair.printed)),
      row("label_read", quoted(pair.label)),
      row("change_read", change(pair.change_pct), pair.change_printed && [" (", quoted(pair.change_printed), ")"]),
      pair.share_pct !== null && row("share_read", Report.percent(pair.share_pct, 2))),
  ];

  const facts = (item) => {
    const { pair } = item;
    const settled = item.state === "settled" ? t("settled_because") : null;
    return h("dl", { class: "facts" },
      row("why", settled || (item.reason ? [reason(item.reason), pair.state === "figure" && ` ${t("is_figure")}`] : t("why_accepted"))),
      item.correction && h("div", { class: "correction-made" }, h("dt", {}), h("dd", {}, correctionText(item.correction))),
      row("compare", h("ul", {}, [
        compared(t("text_states"), item.text, item, true),
        neighbour(item.before, item), neighbour(item.after, item)])),
      row("words_read", quoted(pair.evidence)),
      row("sureness", t("sureness_of", { words: Report.percent(pair.words_confidence * 100), pairing: Report.percent(pair.pairing_confidence * 100) })),
      item.issues.length > 1 && row("shown_by", item.issues.join(", ")));
  };

  const correctionText = (correction) =>
    t(`correction_${correction.verdict}`, { by: correction.by, what: Report.describe(correction), at: Report.moment(correction.at, true) });

  const neighbour = (other, item) =>
    compared(Report.weekName(other.issue), other.figure, item, other.comparable, other.stored ? "compare_not_stated" : "compare_not_stored");

  const compared = (title, figure, { pair }, comparable, absent = "compare_not_stated") => {
    if (!figure) return h("li", { class: "about" }, `${title}: ${t(absent)}`);
    const remarks = [figure.source === "picture" && t("compare_from_picture"), !comparable && t("compare_not_comparable")];
    const times = typeof figure.value === "number" && figure.value ? pair.value / figure.value : null;
    const differs = comparable && times !== null && (times >= REMARKABLE_RATIO || times <= 1 / REMARKABLE_RATIO);
    return h("li", {}, `${title}: `, h("b", {}, amount(figure)), remarks.filter(Boolean).map((one) => h("span", { class: "about" }, ` (${one})`)),
      differs && h("strong", { class: "differs" }, ` ${t("times", { times: Report.number(Number(times.toPrecision(2))) })}`));
  };

  /** The fields of a correction, filled with what was read; *save* gets what is typed. */
  Report.form = (item, save, cancel) => {
    const { pair } = item;
    const metric = h("select", { name: "metric" }, [...metrics.keys()].map((name) =>
      h("option", { value: name, selected: name === pair.metric }, `${names(name).join(" · ")} (${name})`)));
    const value = h("input", { name: "value", value: String(pair.value), inputmode: "decimal", autocomplete: "off", required: true });
    const unit = h("input", { name: "unit", value: pair.unit, autocomplete: "off", size: 6 });
    const percent = h("input", { name: "change", value: pair.change_pct === null ? "" : String(pair.change_pct), autocomplete: "off" });
    metric.addEventListener("change", () => { unit.value = metrics.get(metric.value).unit || ""; });
    const refused = h("p", { class: "refused", role: "alert" });
    const field = (word, input) => h("label", {}, h("span", {}, t(word)), input);
    const form = h("form", { class: "correction", novalidate: true },
      field("metric_of", metric), field("field_value", value), field("field_unit", unit), field("field_change", percent), refused,
      h("p", { class: "actions" }, h("button", { class: "main" }, t("save")), h("button", { type: "button", on: { click: cancel } }, t("cancel"))));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      save({ metric: metric.value, value: value.value, unit: unit.value, change: percent.value });
    });
    form.addEventListener("keydown", (event) => { if (event.key === "Escape") cancel(); });
    return { form, begin: () => { value.focus(); value.select(); }, refuse: (text) => { refused.textContent = text; value.focus(); } };
  };
}
