"""The model in TensorFlow: Keras layers and Adam, a chunk of steps in one function compiled by XLA."""

import math
import os

threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", KERAS_BACKEND="tensorflow")

import tensorflow as tf  # noqa: E402
import turns  # noqa: E402
from tensorflow import keras  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)


def net(layers, entry):
    made = [keras.Input(entry)]
    for layer in layers:
        relu = layer.get("relu", False)
        how = {"activation": "relu", "kernel_initializer": "he_uniform"} if relu else {}
        match layer["kind"]:
            case "flatten":
                made.append(keras.layers.Flatten())
            case "reshape":
                made.append(keras.layers.Reshape(layer["shape"]))
            case "dense":
                made.append(keras.layers.Dense(layer["units"], **how))
            case other:
                raise SystemExit(f"{other} layers are not compared with TensorFlow")
    return keras.Sequential(made)


def build(values):
    keras.utils.set_random_seed(0)
    values = tf.constant(values)
    encoder = net(turns.ENCODER, turns.SHAPE)
    head = keras.layers.Dense(2 * turns.LATENT)
    head.build(encoder.output_shape)
    decoder = net(turns.DECODER, [turns.LATENT])
    variables = [*encoder.trainable_variables, *head.trainable_variables, *decoder.trainable_variables]
    adam = keras.optimizers.Adam(turns.RATE, epsilon=1e-8)
    adam.build(variables)

    def loss_of(indices):
        x = tf.cast(tf.gather(values, indices), tf.float32)
        if turns.BYTES:
            x = x / 255
        mu, logvar = tf.split(head(encoder(tf.reshape(x, [turns.BATCH, *turns.SHAPE]))), 2, axis=-1)
        z = mu + tf.exp(logvar / 2) * tf.random.normal(mu.shape)
        out = tf.reshape(decoder(z), [turns.BATCH, -1])
        if turns.BYTES:
            distortion = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(x, out), -1)
        else:
            each = (x - out) ** 2 / (2 * turns.SIGMA**2) + math.log(turns.SIGMA * math.sqrt(2 * math.pi))
            distortion = tf.reduce_sum(each, -1)
        rate = 0.5 * tf.reduce_sum(tf.exp(logvar) + mu**2 - 1 - logvar, -1)
        return tf.reduce_mean(distortion + rate)

    @tf.function(jit_compile=True)
    def run(order):
        losses = tf.TensorArray(tf.float32, size=order.shape[0], element_shape=[])
        for i in tf.range(order.shape[0]):
            with tf.GradientTape() as tape:
                loss = loss_of(order[i])
            adam.apply_gradients(zip(tape.gradient(loss, variables), variables))
            losses = losses.write(i, loss)
        return losses.stack()

    return lambda order: run(tf.constant(order)).numpy()


turns.serve(build, f"TensorFlow {tf.__version__}, Keras {keras.__version__}")
