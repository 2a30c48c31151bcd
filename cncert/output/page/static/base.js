// The data of the page, and how elements are made: text only ever becomes text nodes.
"use strict";

Report.data = JSON.parse(document.getElementById("data").textContent);

/** An element. Of *facts*, `on` holds listeners, `data` data-attributes; null and false are left out. */
Report.h = (tag, facts = {}, ...children) => Report.fill(document.createElement(tag), facts, children);

/** An element of an SVG drawing. */
Report.svg = (tag, facts = {}, ...children) =>
  Report.fill(document.createElementNS("http://www.w3.org/2000/svg", tag), facts, children);

Report.fill = (element, facts, children) => {
  for (const [name, value] of Object.entries(facts)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
};

/** Words of the report itself: Chinese whatever the page speaks, and kept apart from the text around them. */
Report.quoted = (text, tag = "span", facts = {}) => Report.h(tag, { lang: "zh-CN", dir: "auto", ...facts }, text);

/** *address* if a link may lead there, else null: articles and stored pictures, never a script. */
Report.safeLink = (address) => {
  try {
    const url = new URL(address, document.baseURI);
    return ["http:", "https:", "file:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
};

/** A link out of the page; its text alone where the address is none that may be followed. */
Report.linkOut = (address, ...children) => {
  const href = address && Report.safeLink(address);
  return href ? Report.h("a", { href, target: "_blank", rel: "noopener noreferrer" }, children) : Report.h("span", {}, children);
};

/** Tells screen readers *text*. */
Report.say = (text) => {
  document.getElementById("live").textContent = text;
};

Report.clamp = (value, low, high) => Math.min(Math.max(value, low), high);
