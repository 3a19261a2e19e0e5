// What a reader does: by mouse, finger, keys and controls.

function listen(e) {
  const {spec, root} = e, map = e.find("map");
  const keep = z => { [e.z, e.over] = [z, null]; e.redraw(); };
  const walk = () => { keep(e.between(e.time)); };
  const ends = () => { e.redraw(); e.drawStrip(); };

  let dragged = null; // "a", "b", or "z" with a finger
  const under = event => {
    const box = map.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  map.addEventListener("pointerdown", event => {
    if (event.button) return; // the page's own menu
    const [x, y] = under(event);
    const near = name => Math.hypot(...e.toPixel(e.xy(e[name]), map.clientWidth).map((v, i) => v - [x, y][i])) < 14;
    dragged = ["a", "b"].find(near) || "z";
    map.setPointerCapture(event.pointerId);
    move(event);
    if (dragged === "z") e.play();
  });
  function move(event) {
    const place = e.toPlane(...under(event), map.clientWidth);
    if (dragged && dragged !== "z") {
      e[dragged] = e.moved(e[dragged], place);
      ends();
    } else if (dragged) {
      keep(e.moved(e.z, place));
    } else if (event.pointerType === "mouse") {
      e.over = e.moved(e.z, place);
      e.redraw();
    }
  }
  map.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) map.addEventListener(end, () => { dragged = null; });
  map.addEventListener("pointerleave", () => { e.over = null; e.redraw(); });

  map.addEventListener("keydown", event => {
    const ways = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
    const step = e.plane.half / (event.shiftKey ? 200 : 25), way = ways[event.key], [x, y] = e.xy(e.z);
    if (way) keep(e.moved(e.z, [x + way[0] * step, y + way[1] * step]));
    else if (event.key === "Home") keep(new Float32Array(spec.latent));
    else if (/^[ab]$/i.test(event.key) && !event.ctrlKey && !event.metaKey) put(event.key.toLowerCase());
    else if (event.key === "Enter" || event.key === " ") e.play();
    else return;
    event.preventDefault();
  });
  root.addEventListener("keydown", event => { // the notebook has keys of its own, arrows too
    if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Escape") event.stopPropagation();
  });

  function put(name) {
    e[name] = e.z.slice();
    ends();
  }
  for (const name of ["a", "b"]) e.find(name).addEventListener("click", () => put(name));
  e.find("path").addEventListener("change", event => { e.path = event.target.value; walk(); ends(); });
  e.find("t").addEventListener("input", event => { e.time = +event.target.value; walk(); });
  e.find("t").addEventListener("change", () => e.play());

  legend(e);
  if (spec.classes && spec.program) classes(e, ends);
  if (spec.latent > 2 && spec.program) {
    planes(e);
    sliders(e, keep);
  }
  if (spec.sounds) e.find("strip").hidden = true;
  e.find("note").textContent = "Move over the map; a click, or an arrow key, keeps the place. A and B can be dragged. " + spec.note;

  // Light or dark: the text's own colour says it. What is not on the page now has none.
  const watch = new MutationObserver(theme);
  function theme() {
    if (!root.isConnected) return watch.disconnect();
    const [r, g, b] = getComputedStyle(root).color.match(/[\d.]+/g).map(Number);
    root.style.colorScheme = r + g + b > 382 ? "dark" : "light";
    e.redraw();
    if (!spec.image) e.drawStrip();
  }
  new ResizeObserver(() => { // and when it comes back
    watch.observe(document.body, {attributes: true});
    theme();
  }).observe(map);
  e.drawStrip();
}

function legend(e) {
  const {labels} = e.spec.points;
  for (const label of labels ? [...new Set(labels)].sort((p, q) => p - q) : []) {
    const button = document.createElement("button"), dot = document.createElement("i");
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    dot.style.background = colour(e.spec, label);
    button.append(dot, label);
    button.addEventListener("click", () => {
      if (!e.hidden.delete(label)) e.hidden.add(label);
      button.setAttribute("aria-pressed", String(!e.hidden.has(label)));
      e.background = null;
      e.redraw();
    });
    e.find("legend").append(button);
  }
}

function classes(e, ends) {
  const select = e.find("classes").querySelector("select");
  for (let k = 0; k < e.spec.classes; k++) select.append(new Option(k, k, false, k === e.class));
  select.addEventListener("change", () => { e.class = +select.value; ends(); });
  e.find("classes").hidden = false;
}

function planes(e) {
  const [kind, x, y] = ["plane", "x", "y"].map(name => e.find(name));
  e.spec.order.forEach((j, n) => {
    x.append(new Option(zName(j), j, false, n === 0));
    y.append(new Option(zName(j), j, false, n === 1));
  });
  const change = event => {
    if (x.value === y.value) { // one of them is taken already
      const other = event.target === x ? y : x;
      other.selectedIndex = (other.selectedIndex + 1) % other.length;
    }
    x.hidden = y.hidden = kind.value === "principal";
    e.look(kind.value, +x.value, +y.value);
    e.redraw();
  };
  for (const select of [kind, x, y]) select.addEventListener("change", change);
  x.hidden = y.hidden = true;
  e.find("planes").hidden = false;
}

function sliders(e, keep) {
  for (const j of e.spec.order.slice(0, e.spec.active)) {
    const label = document.createElement("label"), slider = document.createElement("input");
    const nats = e.spec.kl ? " · " + e.spec.kl[j].toFixed(2) + " nats" : "";
    label.textContent = zName(j) + nats;
    Object.assign(slider, {type: "range", min: -4, max: 4, step: 0.01});
    slider.setAttribute("aria-label", zName(j) + nats);
    slider.dataset.latent = j;
    slider.addEventListener("input", () => keep(e.z.with(j, +slider.value)));
    e.find("sliders").append(label, slider);
  }
}
