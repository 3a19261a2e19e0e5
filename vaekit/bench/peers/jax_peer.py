"""The model in JAX: flax layers, optax's Adam.

Mode scan: the steps of a chunk are one program, lax.scan; mode step: one call of a jitted
step each, whose loss is looked at. The plugin, where there is one, comes from the environment.
"""

import math

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import turns

he, glorot = nn.initializers.he_uniform(), nn.initializers.glorot_uniform()


def net(layers, x):
    for layer in layers:
        relu = layer.get("relu", False)
        init = he if relu else glorot
        size = (layer.get("kernel", 1),) * (len(turns.SHAPE) - 1)
        strides = (layer.get("stride", 1),) * (len(turns.SHAPE) - 1)
        match layer["kind"]:
            case "flatten":
                x = x.reshape(len(x), -1)
            case "reshape":
                x = x.reshape(len(x), *layer["shape"])
            case "dense":
                x = nn.Dense(layer["units"], kernel_init=init)(x)
            case "conv":
                x = nn.Conv(layer["units"], size, strides, "SAME", kernel_init=init)(x)
            case "transposed":
                x = nn.ConvTranspose(layer["units"], size, strides, "SAME", kernel_init=init)(x)
        if relu:
            x = nn.relu(x)
    return x


class VAE(nn.Module):
    """Returns the loss of a batch [batch, values], in nats."""

    @nn.compact
    def __call__(self, x, key):
        features = net(turns.ENCODER, x.reshape(len(x), *turns.SHAPE)).reshape(len(x), -1)
        mu, logvar = jnp.split(nn.Dense(2 * turns.LATENT, kernel_init=glorot)(features), 2, axis=-1)
        z = mu + jnp.exp(logvar / 2) * jax.random.normal(key, mu.shape)
        out = net(turns.DECODER, z).reshape(len(x), -1)
        if turns.BYTES:
            distortion = jnp.sum(jax.nn.softplus(out) - x * out, -1)
        else:
            each = (x - out) ** 2 / (2 * turns.SIGMA**2) + math.log(turns.SIGMA * math.sqrt(2 * math.pi))
            distortion = jnp.sum(each, -1)
        rate = 0.5 * jnp.sum(jnp.exp(logvar) + mu**2 - 1 - logvar, -1)
        return jnp.mean(distortion + rate)


def build(values):
    values = jax.device_put(values)
    model, adam = VAE(), optax.adam(turns.RATE)
    key = jax.random.key(0)
    params = jax.jit(model.init)(key, jnp.zeros((turns.BATCH, values.shape[1])), key)
    state = (params, jax.jit(adam.init)(params), key)

    def step(state, values, indices):
        params, moments, key = state
        key, noise = jax.random.split(key)
        x = values[indices].astype(jnp.float32)
        if turns.BYTES:
            x = x / 255
        loss, grads = jax.value_and_grad(model.apply)(params, x, noise)
        updates, moments = adam.update(grads, moments, params)
        return (optax.apply_updates(params, updates), moments, key), loss

    if turns.MODE == "scan":
        run = jax.jit(
            lambda state, values, order: jax.lax.scan(lambda s, i: step(s, values, i), state, order),
            donate_argnums=0,
        )

        def take(order):
            nonlocal state
            state, losses = run(state, values, order)
            return np.asarray(losses)

    else:
        one = jax.jit(step, donate_argnums=0)

        def take(order):
            nonlocal state
            losses = []
            for indices in order:
                state, loss = one(state, values, indices)
                losses.append(float(loss))
            return losses

    return take


turns.serve(build, f"JAX {jax.__version__}, flax {flax.__version__}, optax {optax.__version__}")
