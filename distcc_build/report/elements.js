// Making elements.  What a text holds is never taken for HTML.

const byId = (id) => document.getElementById(id);

// make("td", { class: "number", onclick: f }, "text", element, ...)
function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((one) => one !== null && one !== undefined));
  return element;
}

// A path that may be too long for its place: what tells it from others is at its end, and stays.
function path(text) {
  const base = text.lastIndexOf("/") + 1;
  return make("span", { class: "path mono", title: text }, make("span", {}, text.slice(0, base)), make("span", {}, text.slice(base)));
}

const fill = (element, ...children) => element.replaceChildren(...children.filter((one) => one !== null));
