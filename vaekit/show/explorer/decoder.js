// The decoder: the steps of package plain, each a loop over flat arrays.

const activations = {
  relu: v => Math.max(v, 0),
  "leaky relu": v => Math.max(v, 0.2 * v),
  elu: v => v >= 0 ? v : Math.expm1(v),
  silu: v => v / (1 + Math.exp(-v)),
  gelu: v => v * (1 + erf(v * Math.SQRT1_2)) / 2,
  tanh: Math.tanh,
  sigmoid: v => 1 / (1 + Math.exp(-v)),
  softplus: v => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))),
  "continuous bernoulli": v => Math.abs(v) < 0.01 ? 0.5 + v / 12 : 1 / (1 - Math.exp(-v)) - 1 / v,
};

// Abramowitz and Stegun, 7.1.26: off by 1.5e-7 at the most.
function erf(v) {
  const t = 1 / (1 + 0.3275911 * Math.abs(v));
  const sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(v) * (1 - sum * Math.exp(-v * v));
}

function bytes(base64) {
  return Uint8Array.from(atob(base64), c => c.charCodeAt(0));
}

// Numbers of 16 bits as IEEE 754 has them, lowest byte first.
function halves(base64) {
  const raw = bytes(base64), out = new Float32Array(raw.length / 2);
  for (let i = 0; i < out.length; i++) {
    const h = raw[2 * i] | raw[2 * i + 1] << 8, exponent = h >> 10 & 31, fraction = h & 1023;
    const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
    out[i] = h >> 15 ? -size : size;
  }
  return out;
}

const steps = {
  dense(s, x, w) {
    const y = new Float32Array(s.rows * s.to);
    for (let r = 0; r < s.rows; r++) {
      const to = y.subarray(r * s.to, (r + 1) * s.to);
      if (s.bias >= 0) to.set(w.subarray(s.bias, s.bias + s.to));
      for (let i = 0; i < s.from; i++) {
        const v = x[r * s.from + i], at = s.weight + i * s.to;
        if (v !== 0) for (let o = 0; o < s.to; o++) to[o] += v * w[at + o];
      }
    }
    return y;
  },

  conv(s, x, w) { return convolve(s, x, w, false); },
  transposed(s, x, w) { return convolve(s, x, w, true); },

  norm(s, x, w) {
    const y = new Float32Array(x.length), wide = s.from / s.groups;
    for (let block = 0; block < s.rows; block += s.block) {
      for (let c0 = 0; c0 < s.from; c0 += wide) {
        let sum = 0, squares = 0;
        const each = f => {
          for (let r = block; r < block + s.block; r++) for (let c = c0; c < c0 + wide; c++) f(r * s.from + c, c);
        };
        each(i => { sum += x[i]; });
        const n = s.block * wide, mean = sum / n;
        each(i => { squares += (x[i] - mean) ** 2; });
        const deviation = Math.sqrt(squares / n + 1e-5);
        each((i, c) => { y[i] = (x[i] - mean) / deviation * w[s.weight + c] + w[s.bias + c]; });
      }
    }
    return y;
  },

  repeat(s, x) {
    const [a, b] = s.axes, y = new Float32Array(a.out * b.out * s.from);
    for (let i = 0; i < y.length; i++) {
      const c = i % s.from, column = (i - c) / s.from % b.out, row = Math.floor(i / s.from / b.out);
      y[i] = x[(Math.floor(row / a.stride) * b.in + Math.floor(column / b.stride)) * s.from + c];
    }
    return y;
  },

  mean(s, x) {
    const [a, b] = s.axes, y = new Float32Array(a.out * b.out * s.from);
    for (let i = 0; i < x.length; i++) {
      const c = i % s.from, column = (i - c) / s.from % b.in, row = Math.floor(i / s.from / b.in);
      y[(Math.floor(row / a.stride) * b.out + Math.floor(column / b.stride)) * s.from + c] += x[i] / (a.stride * b.stride);
    }
    return y;
  },

  product(s, x, w) {
    const a = evaluate(s.inner[0], x, w), b = evaluate(s.inner[1], x, w);
    return a.map((v, i) => v * b[i]);
  },

  sum(s, x, w) {
    const a = evaluate(s.inner[0], x, w), b = evaluate(s.inner[1] || [], x, w);
    return a.map((v, i) => v + b[i]);
  },

  first(s, x) { return Float32Array.from({length: x.length / s.from}, (_, i) => x[i * s.from]); },
};

// Each position of the coarse side meets, tap by tap, one of the fine side.
function convolve(s, x, w, transposed) {
  const [a, b] = s.axes, y = new Float32Array(a.out * b.out * s.to);
  for (let i = 0; i < y.length; i++) y[i] = w[s.bias + i % s.to];
  const coarse = transposed ? "in" : "out", fine = transposed ? "out" : "in";
  for (let row = 0; row < a[coarse]; row++) for (let column = 0; column < b[coarse]; column++) {
    for (let t = 0; t < a.taps; t++) for (let u = 0; u < b.taps; u++) {
      const r = a.stride * row + a.dilation * t - a.low, c = b.stride * column + b.dilation * u - b.low;
      if (r < 0 || c < 0 || r >= a[fine] || c >= b[fine]) continue;
      const at = row * b[coarse] + column, of = r * b[fine] + c;
      const from = (transposed ? at : of) * s.from, to = (transposed ? of : at) * s.to;
      for (let i = 0; i < s.from; i++) {
        const v = x[from + i], k = s.weight + ((t * b.taps + u) * s.from + i) * s.to;
        if (v !== 0) for (let o = 0; o < s.to; o++) y[to + o] += v * w[k + o];
      }
    }
  }
  return y;
}

// What a list of steps makes of x, with the parameters w.
function evaluate(list, x, w) {
  for (const s of list) {
    x = steps[s.op](s, x, w);
    if (s.activation) x = x.map(activations[s.activation]);
  }
  return x;
}
