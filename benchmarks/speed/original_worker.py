"""Runs Magenta's own code, in a Python of its own that has it: a line in, a line of JSON out.

    MAGENTA_PYTHON original_worker.py flat|hierarchical|prepare [BATCH|FOLDER] [THREADS]
    MAGENTA_PYTHON original_worker.py checkpoint FOLDER
    MAGENTA_PYTHON original_worker.py interpolate FOLDER A.mid B.mid OUT STEPS

Knows the lines "step" (one training update), "sample" (a batch of new sequences) and, for `prepare`,
"read" and "extract". `checkpoint` writes the weights that a cat-mel_2bar_small starts with, and `interpolate`
does with them what music_vae_generate does. Needs nothing of this project; an import of Magenta's that is
not used here (of data sets) is stood in for.
"""

# pyright: reportMissingImports=false
import glob
import json
import os
import sys
import time
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ["CUDA_VISIBLE_DEVICES"] = ""
try:
    import tensorflow_datasets  # noqa: F401
except ImportError:
    sys.modules["tensorflow_datasets"] = types.ModuleType("tensorflow_datasets")

import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.music_vae import configs

SIZES = {"flat": ("cat-mel_2bar_small", {}), "hierarchical": ("hierdec-mel_16bar", {
    "enc_rnn_size": [512, 512], "dec_rnn_size": [512, 512], "z_size": 256})}  # fmt: skip


def model_works(kind, batch, threads):
    """Functions that train one step and draw one batch."""
    tf.disable_eager_execution()
    name, sizes = SIZES[kind]
    config = configs.CONFIG_MAP[name]
    hparams = config.hparams
    hparams.batch_size = batch
    for key, value in sizes.items():
        hparams.set_hparam(key, value)
    depth, steps = config.data_converter.output_depth, hparams.max_seq_len
    session = tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
    chance = np.random.RandomState(0)

    train_graph = tf.Graph()
    with train_graph.as_default():
        model = config.model
        model.build(hparams, depth, is_training=True)
        x = tf.placeholder(tf.float32, [batch, steps, depth])
        shape = [batch, *config.data_converter.length_shape]
        length = tf.placeholder(tf.int32, shape)
        optimizer = model.train(x, x, length, None)
        grads, variables = zip(*optimizer.compute_gradients(model.loss), strict=True)
        clipped, _ = tf.clip_by_global_norm(grads, hparams.grad_clip)
        update = optimizer.apply_gradients(
            list(zip(clipped, variables, strict=True)), global_step=model.global_step
        )
        train = tf.Session(config=session)
        train.run(tf.global_variables_initializer())
        parameters = sum(int(np.prod(v.shape)) for v in tf.trainable_variables())
    sequences = np.eye(depth, dtype=np.float32)[chance.randint(0, depth, (batch, steps))]
    full = np.full(shape, steps // (shape[-1] if len(shape) > 1 else 1), np.int32)
    feed = {x: sequences, length: full}

    draw = []

    def sample():  # the graph is built when it is first asked for
        if not draw:
            with tf.Graph().as_default():
                made = configs.CONFIG_MAP[name].model
                made.build(hparams, depth, is_training=False)
                z = tf.placeholder(tf.float32, [batch, hparams.z_size])
                drawn, _ = made.sample(batch, max_length=steps, z=z, temperature=1.0)
                running = tf.Session(config=session)
                running.run(tf.global_variables_initializer())
                draw.append((running, drawn, z))
        running, drawn, z = draw[0]
        running.run(drawn, {z: chance.randn(batch, hparams.z_size)})

    return {"step": lambda: train.run(update, feed), "sample": sample}, {"parameters": parameters}


def prepare_works(folder):
    """Functions that read all MIDI files of a folder, and extract windows of what was read."""
    import note_seq

    files = sorted(glob.glob(os.path.join(folder, "**", "*.mid"), recursive=True))
    converter = configs.CONFIG_MAP["cat-mel_2bar_small"].data_converter
    read = []

    def read_all():
        read[:] = [note_seq.midi_file_to_note_sequence(file) for file in files]

    def extract_all():
        for sequence in read or read_all() or read:
            converter.to_tensors(sequence)

    return {"read": read_all, "extract": extract_all}, {"files": len(files)}


def write_checkpoint(folder):
    """Untrained weights, as a training run would leave them."""
    tf.disable_eager_execution()
    config = configs.CONFIG_MAP["cat-mel_2bar_small"]
    model, depth = config.model, config.data_converter.output_depth
    model.build(config.hparams, depth, is_training=False)
    model.sample(1, max_length=32, z=tf.zeros([1, config.hparams.z_size]), temperature=1.0)
    model.encode(tf.zeros([1, 32, depth]), tf.constant([32]), tf.zeros([1, 32, 0]))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, os.path.join(folder, "model.ckpt"))


def interpolate(folder, first, second, out, count):
    """The first two bars of each file, `count` steps from one to the other, a MIDI file for each."""
    import note_seq
    from magenta.models.music_vae import TrainedModel

    tf.disable_eager_execution()
    config = configs.CONFIG_MAP["cat-mel_2bar_small"]
    ends = []
    for path in (first, second):
        tensors = config.data_converter.to_tensors(note_seq.midi_file_to_note_sequence(path)).outputs
        ends.append(config.data_converter.from_tensors(tensors[:1])[0])
    model = TrainedModel(config, count, os.path.join(folder, "model.ckpt"))
    for index, found in enumerate(model.interpolate(*ends, num_steps=count, length=32)):
        note_seq.sequence_proto_to_midi_file(found, os.path.join(out, f"{index}.mid"))


def main():
    if sys.argv[1] == "checkpoint":
        return write_checkpoint(sys.argv[2])
    if sys.argv[1] == "interpolate":
        folder, first, second, out, count = sys.argv[2:7]
        return interpolate(folder, first, second, out, int(count))
    kind, what = sys.argv[1], sys.argv[2]
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    works, facts = prepare_works(what) if kind == "prepare" else model_works(kind, int(what), threads)
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        works[line.strip()]()
        print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]), flush=True)


if __name__ == "__main__":
    main()
