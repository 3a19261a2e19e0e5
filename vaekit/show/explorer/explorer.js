// What is drawn: all of it follows from z, the ends a and b of the walk, and the plane.

class Explorer {
  constructor(root, spec) {
    Object.assign(this, {root, spec, points: placed(spec.points), hidden: new Set()});
    this.weights = spec.program && halves(spec.program.values);
    this.z = Float32Array.from(spec.start); // that is kept,
    this.over = null; //                       and what the pointer is over
    [this.a, this.b] = [spec.a, spec.b].map(end => Float32Array.from(end));
    [this.path, this.class, this.time] = ["linear", spec.class, 0];
    this.look(spec.latent > 2 ? "principal" : "latents", 0, 1);
    this.unpacked = spec.atlas && this.unpack();
    if (spec.sounds) spec.sounds.data = bytes(spec.sounds.values);
  }

  find(name) { return this.root.querySelector(".vae-" + name); }
  get at() { return this.over || this.z; }
  point(i) { return this.points.subarray(i * this.spec.latent, (i + 1) * this.spec.latent); }

  // A plane is two orthogonal directions of length 1.
  look(kind, i, j) {
    const {spec} = this, unit = k => Float32Array.from({length: spec.latent}, (_, l) => +(l === k));
    const principal = kind === "principal";
    const [u, v] = principal ? spec.principal : [unit(i), unit(j)];
    const plane = {u, v, names: principal ? ["1st principal direction", "2nd principal direction"] : [zName(i), zName(j)]};
    this.plane = plane;
    plane.points = Array.from({length: spec.points.count}, (_, n) => this.xy(this.point(n)));
    const xs = plane.points.map(p => p[0]).concat(-2.5, 2.5), ys = plane.points.map(p => p[1]).concat(-2.5, 2.5);
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    plane.half = 0.53 * Math.max(right - left, high - low);
    plane.centre = [(left + right) / 2, (low + high) / 2];
    this.background = null;
  }

  // Where z lies in the plane.
  xy(z) {
    return [dot(z, this.plane.u), dot(z, this.plane.v)];
  }

  // z, moved within the plane to a place of it.
  moved(z, [x, y]) {
    const [zx, zy] = this.xy(z), {u, v} = this.plane;
    return z.map((value, i) => value + (x - zx) * u[i] + (y - zy) * v[i]);
  }

  // The place t of the walk from a to b; as vaekit.Linear and vaekit.Spherical.
  between(t) {
    const {a, b} = this;
    let wa = 1 - t, wb = t;
    if (this.path === "spherical") {
      const la = Math.sqrt(dot(a, a)), lb = Math.sqrt(dot(b, b));
      const angle = Math.acos(Math.max(-1, Math.min(1, dot(a, b) / (la * lb)))), s = Math.sin(angle);
      if (s > 1e-6) {
        const length = (1 - t) * la + t * lb;
        wa = Math.sin((1 - t) * angle) / s * length / la;
        wb = Math.sin(t * angle) / s * length / lb;
      }
    }
    return a.map((v, i) => wa * v + wb * b[i]);
  }

  // E[x|z]; of an atlas the mean of the four around z, the nearer the more.
  decode(z) {
    const {spec} = this;
    if (spec.program) {
      const one = Array.from({length: spec.classes}, (_, k) => k === this.class ? Math.sqrt(spec.classes) : 0);
      return evaluate(spec.program.steps, Float32Array.from([...z, ...one]), this.weights);
    }
    const {n, tiles} = spec.atlas, out = new Float32Array(spec.shape.reduce((p, q) => p * q, 1));
    if (!tiles) return out; // it is being unpacked
    const [x, y] = this.cell(z, spec.atlas).map(v => Math.min(v, n - 1.001));
    for (const [i, j] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
      const column = Math.floor(x) + i, row = Math.floor(y) + j, tile = tiles[row * n + column];
      const w = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
      for (let k = 0; k < out.length; k++) out[k] += w * tile[k];
    }
    return out;
  }

  // Where z lies on a grid of n by n from −half to half, counted in its cells.
  cell(z, {n, half}) {
    return this.xy(z).map(v => Math.max(0, Math.min(n - 1, (v / half + 1) / 2 * (n - 1))));
  }

  async unpack() {
    const {spec} = this, {n, values} = spec.atlas, [h, w, c] = spec.shape;
    const sheet = await createImageBitmap(new Blob([bytes(values)], {type: "image/jpeg"}));
    const g = new OffscreenCanvas(n * w, n * h).getContext("2d");
    g.drawImage(sheet, 0, 0);
    spec.atlas.tiles = Array.from({length: n * n}, (_, k) => {
      const {data} = g.getImageData(k % n * w, Math.floor(k / n) * h, w, h);
      return Float32Array.from({length: h * w * c}, (_, i) => data[4 * Math.floor(i / c) + i % c] / 255);
    });
    this.redraw();
    this.drawStrip();
  }

  // The samples of the pad's sound that is nearest to z.
  sound(z) {
    const {n, length, data} = this.spec.sounds, [x, y] = this.cell(z, this.spec.sounds).map(Math.round);
    return Float32Array.from(data.subarray((y * n + x) * length, (y * n + x + 1) * length), muLaw);
  }

  play() {
    if (!this.spec.sounds) return;
    const audio = Explorer.audio = Explorer.audio || new AudioContext(), samples = this.sound(this.at);
    const buffer = audio.createBuffer(1, samples.length, this.spec.sounds.rate);
    buffer.copyToChannel(samples, 0);
    if (this.playing) this.playing.stop();
    this.playing = new AudioBufferSourceNode(audio, {buffer});
    this.playing.connect(audio.destination);
    audio.resume();
    this.playing.start();
  }

  nearest(z) {
    const {count, labels} = this.spec.points;
    let least = Infinity, label = null;
    for (let i = 0; labels && i < count; i++) {
      const distance = this.point(i).reduce((s, v, k) => s + (v - z[k]) ** 2, 0);
      if (distance < least) [least, label] = [distance, labels[i]];
    }
    return label;
  }

  // What is to be drawn anew is drawn once, before the next frame.
  redraw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      const z = this.at, label = this.nearest(z), short = z.length <= 8;
      const words = Array.from(short ? z : this.xy(z), v => v.toFixed(2).replace("-", "−")).join(", ");
      this.drawMap();
      this.draw(this.find("image"), [this.spec.sounds ? this.sound(z) : this.decode(z)]);
      this.find("z").textContent = (short ? "z = " : "in the plane ") + words + (label === null ? "" : " · nearest: " + label);
      this.find("image").setAttribute("aria-label", (this.spec.sounds ? "waveform at " : "decoded image at ") + words);
      for (const s of this.root.querySelectorAll(".vae-sliders input")) s.value = z[s.dataset.latent];
    });
  }

  drawStrip() {
    if (!this.spec.sounds) this.draw(this.find("strip"), Array.from({length: 10}, (_, i) => this.decode(this.between(i / 9))));
  }

  // Images side by side, a pixel for each of theirs; values that are no image as curves.
  draw(canvas, images) {
    const [h, w, c] = this.spec.image || [160, 448], g = canvas.getContext("2d");
    [canvas.width, canvas.height] = [w * images.length, h];
    images.forEach((values, n) => {
      if (!this.spec.image) {
        const most = values.reduce((m, v) => Math.max(m, Math.abs(v)), this.spec.sounds ? 0.05 : 1e-6);
        g.strokeStyle = getComputedStyle(this.root).color;
        g.beginPath();
        values.forEach((v, i) => g.lineTo(n * w + i / values.length * w, h / 2 * (1 - 0.95 * v / most)));
        return g.stroke();
      }
      const img = g.createImageData(w, h);
      for (let i = 0; i < 4 * w * h; i++) {
        img.data[i] = i % 4 === 3 ? 255 : Math.round(255 * values[Math.floor(i / 4) * c + i % 4 % c]);
      }
      g.putImageData(img, n * w, 0);
    });
  }

  toPixel([x, y], side) {
    const {centre, half} = this.plane;
    return [(0.5 + (x - centre[0]) / half / 2) * side, (0.5 - (y - centre[1]) / half / 2) * side];
  }

  toPlane(x, y, side) {
    const {centre, half} = this.plane;
    return [(x / side - 0.5) * 2 * half + centre[0], (0.5 - y / side) * 2 * half + centre[1]];
  }

  drawMap() {
    const map = this.find("map"), side = map.clientWidth, density = window.devicePixelRatio || 1;
    const ink = getComputedStyle(this.root).color, pixels = Math.round(side * density);
    if (!side) return; // it is not on the page now
    if (map.width !== pixels || !this.background || this.background.ink !== ink) {
      map.width = map.height = pixels;
      this.background = this.drawPoints(side, density, ink);
    }
    const g = map.getContext("2d");
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, pixels, pixels);
    g.drawImage(this.background.sheet, 0, 0);
    g.setTransform(density, 0, 0, density, 0, 0);
    g.beginPath();
    for (let i = 0; i <= 32; i++) g.lineTo(...this.toPixel(this.xy(this.between(i / 32)), side));
    for (const [colour, width] of [["#fff", 4], ["#222", 1.5]]) {
      [g.strokeStyle, g.lineWidth] = [colour, width];
      g.stroke();
    }
    for (const name of ["a", "b"]) badge(g, name.toUpperCase(), this.toPixel(this.xy(this[name]), side));
    g.beginPath();
    g.arc(...this.toPixel(this.xy(this.at), side), 7, 0, 7);
    for (const [colour, width] of [["#fff", 5], ["#000", 2]]) {
      [g.strokeStyle, g.lineWidth] = [colour, width];
      g.stroke();
    }
  }

  // All that stays where it is while the pointer moves.
  drawPoints(side, density, ink) {
    const {spec, plane} = this, {labels} = spec.points, places = new Map();
    const sheet = new OffscreenCanvas(side * density, side * density), g = sheet.getContext("2d");
    g.scale(density, density);
    plane.points.forEach((p, i) => {
      const label = labels ? labels[i] : 0;
      if (this.hidden.has(label)) return;
      if (!places.has(label)) places.set(label, []);
      places.get(label).push(p);
      g.fillStyle = colour(spec, label);
      g.beginPath();
      g.arc(...this.toPixel(p, side), 1.8, 0, 7);
      g.fill();
    });
    g.strokeStyle = g.fillStyle = ink;
    g.font = "12px system-ui,sans-serif";
    const [x, y] = this.toPixel([0, 0], side);
    for (const radius of spec.circles ? [1, 2] : []) {
      const r = radius * side / plane.half / 2;
      g.beginPath();
      g.arc(x, y, r, 0, 7);
      g.stroke();
      g.fillText(radius + "σ", x + 0.72 * r, y - 0.72 * r);
    }
    const {n, half} = spec.sounds || {n: 0};
    for (let i = 0; i < n * n; i++) {
      const [px, py] = this.toPixel([i % n, Math.floor(i / n)].map(k => (k / (n - 1) * 2 - 1) * half), side);
      g.strokeRect(px - 4, py - 4, 8, 8);
    }
    g.textAlign = "right";
    g.fillText(plane.names[0] + " →", side - 6, side - 8);
    g.textAlign = "left";
    g.fillText("↑ " + plane.names[1], 6, 16);
    [g.font, g.textAlign, g.lineWidth, g.strokeStyle, g.fillStyle] = ["bold 18px system-ui,sans-serif", "center", 4, "#fff", "#222"];
    for (const [label, all] of labels ? places : []) {
      const middle = [0, 1].map(k => all.map(p => p[k]).sort((p, q) => p - q)[all.length >> 1]);
      g.strokeText(label, ...this.toPixel(middle, side));
      g.fillText(label, ...this.toPixel(middle, side));
    }
    return {sheet, ink};
  }
}

function badge(g, name, [x, y]) {
  [g.fillStyle, g.strokeStyle, g.lineWidth, g.font, g.textAlign] = ["#222", "#fff", 1.5, "bold 13px system-ui,sans-serif", "center"];
  g.beginPath();
  g.arc(x, y, 10, 0, 7);
  g.fill();
  g.stroke();
  g.fillStyle = "#fff";
  g.fillText(name, x, y + 4.5);
}

const dot = (a, b) => a.reduce((s, v, i) => s + v * b[i], 0);
const zName = j => "z" + String(j + 1).replace(/\d/g, c => "₀₁₂₃₄₅₆₇₈₉"[c]);
const colour = ({colours}, label) => colours[(label % colours.length + colours.length) % colours.length];

// Points come as whole numbers of 16 bits, so many of which are 1.
function placed({values, one}) {
  const raw = bytes(values);
  return Float32Array.from({length: raw.length / 2}, (_, i) => ((raw[2 * i] | raw[2 * i + 1] << 8) << 16 >> 16) / one);
}

// A sample of the 8 bits of ITU-T G.711.
function muLaw(byte) {
  const m = ~byte, size = (((m & 15) << 3) + 132 << (m >> 4 & 7)) - 132;
  return (m & 128 ? -size : size) / 32768;
}
