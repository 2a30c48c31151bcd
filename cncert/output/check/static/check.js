// The list of items, what a person does with them, and the requests to the server.
"use strict";

{
  const { h, t } = Report;
  const items = new Map(Report.data.items.map((item) => [item.id, item]));
  const order = [...items.keys()];
  const checkedHere = new Set(Report.data.checked);
  const main = document.getElementById("main");

  let shown = null; // the details of the item on the page
  let position = 0;
  let editing = null;
  let notice = null;
  let busy = false;
  let canUndo = Report.data.undo;
  let ended = false;

  class RequestError extends Error {}

  /** What the server answers, as {status, body}. Throws RequestError with a line for a person. */
  const ask = async (path, body) => {
    const options = body && { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", "X-Check-Key": Report.data.key } };
    let response;
    try {
      response = await fetch(path, { cache: "no-store", ...options });
    } catch {
      throw new RequestError(t("server_stopped"));
    }
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    const answer = isJson ? await response.json() : { text: await response.text() };
    if (!isJson || response.status === 503) throw new RequestError([answer.error && t(answer.error), answer.text].filter(Boolean).join(" "));
    return { status: response.status, body: answer };
  };

  /** Does one thing at a time: a second key press right after the first is an accident. */
  const exclusively = async (action) => {
    if (busy || ended) return;
    busy = true;
    document.body.toggleAttribute("data-busy", true);
    try {
      await action();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      notice = error.message;
      draw();
    } finally {
      busy = false;
      document.body.toggleAttribute("data-busy", false);
    }
  };

  const load = async (id) => {
    position = order.indexOf(id);
    const { body } = await ask(`/items/${id}`);
    shown = body;
    items.set(id, { ...items.get(id), state: body.state, value: body.value });
    editing = null;
    draw();
    main.focus({ preventScroll: true });
  };

  const show = (id) => exclusively(async () => {
    notice = null;
    await load(id);
  });

  const step = (by) => show(order[(position + by + order.length) % order.length]);

  /** The next item that nobody has checked, after this one or from the start: open ones first, then accepted figures. */
  const next = () => {
    const later = [...order.slice(position + 1), ...order.slice(0, position)];
    return later.find((id) => items.get(id).state === "open") ?? later.find((id) => items.get(id).state === "accepted");
  };

  const update = ({ items: changed, undo }) => {
    for (const item of changed) items.set(item.id, item);
    canUndo = undo;
  };

  const check = (verdict, typed = {}) => exclusively(async () => {
    const item = shown;
    const { status, body } = await ask(`/items/${item.id}`, { verdict, version: item.version, ...typed });
    if (status === 422) {
      const why = [t(body.error), body.text].filter(Boolean).join(" ");
      if (editing) editing.refuse(why);
      else notify(why);
      return;
    }
    update(body);
    if (status === 409) {
      notice = t("edit_conflict");
      await load(item.id);
      return;
    }
    checkedHere.add(item.id);
    notice = null;
    Report.say(t(`saved_${body.correction.verdict}`, { what: Report.describe(body.correction) }));
    const following = next();
    if (following === undefined) notice = t("all_checked");
    await load(following ?? item.id);
  });

  const undo = () => canUndo && exclusively(async () => {
    const { status, body } = await ask("/undo", {});
    if (status === 422) {
      notify(t(body.error));
      return;
    }
    update(body);
    checkedHere.delete(body.id);
    notice = status === 409 ? t("undo_conflict") : null;
    if (status !== 409) Report.say(t("undone", { what: Report.metricTitle(items.get(body.id).metric) }));
    await load(body.id);
  });

  const finish = () => exclusively(async () => {
    const { body } = await ask("/done", {});
    ended = true;
    for (const button of document.querySelectorAll("#head button")) button.disabled = true;
    main.replaceChildren(h("p", { class: "notice", role: "alert" }, t("ended", { n: body.checked, left: body.left })));
    document.getElementById("others").hidden = true;
  });

  const notify = (text) => {
    notice = text;
    draw();
  };

  const edit = () => {
    if (!shown || editing) return;
    editing = Report.form(shown, (typed) => check("corrected", typed), () => {
      editing = null;
      draw();
      main.focus({ preventScroll: true });
    });
    draw();
    editing.begin();
  };

  const buttons = () => {
    const button = (word, key, action, facts = {}) => h("button", { type: "button", "aria-keyshortcuts": key, on: { click: action }, ...facts }, t(word));
    return h("div", { class: "actions" },
      button("confirm", "Enter", () => check("confirmed"), { class: "main", id: "confirm" }),
      button("correct", "E", edit, { id: "correct" }),
      button("refuse", "N", () => check("refused"), { id: "refuse" }),
      h("span", { class: "steps" }, button("back", "ArrowLeft", () => step(-1), { id: "back" }), button("skip", "ArrowRight", () => step(1), { id: "skip" })),
      h("p", { class: "about keys" }, t("keys")));
  };

  const draw = () => {
    Report.fillWords();
    const states = [...items.values()].map((item) => item.state);
    const open = states.filter((state) => state === "open").length;
    const bar = document.getElementById("bar");
    bar.max = Math.max(order.length, 1);
    bar.value = states.filter((state) => !["open", "accepted"].includes(state)).length;
    bar.setAttribute("aria-label", t("title"));
    document.getElementById("count").textContent =
      `${open ? t("progress_open", { n: open }) : t("progress_none")} · ${t("progress_checked", { n: checkedHere.size, by: Report.data.by })}`;
    const language = document.getElementById("language");
    const other = Report.language === "zh" ? "en" : "zh";
    language.textContent = Report.LANGUAGES[other];
    language.lang = other === "zh" ? "zh-CN" : "en";
    document.getElementById("undo").disabled = !canUndo;
    document.getElementById("list").replaceChildren(...order.map((id) => line(items.get(id))));
    if (!shown) return;
    main.replaceChildren(Report.card(shown, editing ? null : buttons(), editing?.form, notice));
    const others = document.getElementById("others");
    const here = others.querySelector("[aria-current]");
    if (here && others.scrollHeight > others.clientHeight) others.scrollTo({ top: here.offsetTop - others.clientHeight / 2 });
    const frame = main.querySelector(".whole .box");
    frame?.ownerSVGElement.parentElement.scrollTo({ top: Math.max(0, frame.getBoundingClientRect().top - frame.ownerSVGElement.getBoundingClientRect().top - 120) });
  };

  const line = (item) =>
    h("li", {}, h("button", { type: "button", class: "line", "aria-current": item.id === shown?.id ? "true" : null, on: { click: () => show(item.id) } },
      h("span", {}, item.issue), h("span", { class: "what" }, Report.metricTitle(item.metric)), h("b", {}, Report.number(item.value)),
      h("span", { class: `state ${item.state}` }, t(`state.${item.state}`))));

  /** Without a picture, and for what is checked already, a key press may be an accident: only the buttons work. */
  const canCheckByKey = () => ["open", "accepted"].includes(shown.state) && main.querySelector(".crop [data-loaded]");

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !shown || editing || ended) return;
    if (event.target.closest("input, select, textarea")) return;
    const isButton = event.target.closest("button, a, summary");
    const actions = {
      Enter: () => canCheckByKey() && check("confirmed"),
      e: edit, n: () => canCheckByKey() && check("refused"), u: undo, ArrowLeft: () => step(-1), ArrowRight: () => step(1),
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || (event.key === "Enter" && isButton)) return;
    event.preventDefault();
    action();
  });

  document.getElementById("undo").addEventListener("click", undo);
  document.getElementById("done").addEventListener("click", finish);
  document.getElementById("language").addEventListener("click", () => {
    Report.language = Report.language === "zh" ? "en" : "zh";
    Report.memory.write("language", Report.language);
    editing = null;
    draw();
  });
  document.getElementById("others").open = matchMedia("(min-width: 70rem)").matches;

  position = -1;
  show(next() ?? order[0]);
}
