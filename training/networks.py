"""The networks: one compact residual network of our own, and the three of the first design.

Each takes the input's side and channels and, by name, how many classes its outputs tell apart; it gives a keras.Model
with one softmax per name.
"""

from __future__ import annotations

from typing import Any

# Channels and residual blocks of each stage; every stage after the first halves the picture.
WIDTHS = (32, 64, 128, 256)
BLOCKS = (2, 2, 2, 2)
MOOD_BLOCKS = (2, 2, 3, 2)
SLIM_WIDTHS = (24, 48, 96, 192)
TINY_WIDTHS = (16, 32)
TINY_INPUT = 32  # pixels


def compact(
    size: int, channels: int, classes: dict[str, int], blocks: tuple[int, ...] = BLOCKS,
    widths: tuple[int, ...] = WIDTHS,
) -> Any:  # fmt: skip
    """A residual network of 2.8 M parameters and 0.28 GFLOPs at 64×64; a small one for inputs of 32 pixels and less."""
    import keras
    from keras import layers

    widths = widths if size > TINY_INPUT else TINY_WIDTHS
    inputs = keras.Input((size, size, channels))
    x = layers.Rescaling(2.0, -1.0)(inputs)
    x = layers.Conv2D(widths[0], 3, strides=2, padding="same", use_bias=False)(x)
    for stage, (width, count) in enumerate(zip(widths, blocks, strict=False)):
        for block in range(count):
            x = _residual(x, width, stride=2 if stage and not block else 1)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, _softmaxes(layers.Dropout(0.25)(x), classes))


def compact_mood(size: int, channels: int, classes: dict[str, int]) -> Any:
    """The same, one block deeper where the picture is small: 0.2 GFLOPs at 48×48."""
    return compact(size, channels, classes, MOOD_BLOCKS)


def slim_mood(size: int, channels: int, classes: dict[str, int]) -> Any:
    """Three quarters as wide: 0.1 GFLOPs at 48×48, so that looking twice costs what the wide one does."""
    return compact(size, channels, classes, MOOD_BLOCKS, SLIM_WIDTHS)


def mirrored(network: Any) -> Any:
    """A network whose softmaxes are the mean of what `network` makes of a picture and of its mirror image."""
    import keras
    from keras import layers, ops

    inputs = keras.Input(network.input_shape[1:])
    backwards = list(reversed(range(network.input_shape[2])))
    seen, turned = network(inputs), network(ops.take(inputs, backwards, axis=2))
    return keras.Model(inputs, {name: layers.Average(name=name)([seen[name], turned[name]]) for name in seen})


def _softmaxes(x: Any, classes: dict[str, int]) -> dict[str, Any]:
    """One softmax per name; in float32 whatever the network computes in, since probabilities need the digits."""
    from keras import layers

    return {
        name: layers.Dense(count, activation="softmax", name=name, dtype="float32")(x)
        for name, count in classes.items()
    }


def _residual(x: Any, width: int, stride: int) -> Any:
    """Two 3×3 convolutions behind normalisation, added to their input (He et al., identity mappings, ECCV 2016)."""
    from keras import layers

    y = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
    shortcut = x
    if stride > 1 or x.shape[-1] != width:
        shortcut = layers.AveragePooling2D(2, padding="same")(y) if stride > 1 else y
        shortcut = layers.Conv2D(width, 1, use_bias=False)(shortcut)
    y = layers.Conv2D(width, 3, strides=stride, padding="same", use_bias=False)(y)
    y = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(y))
    y = layers.Conv2D(width, 3, padding="same", use_bias=False)(y)
    return layers.Add()([shortcut, y])


def seed_age(size: int, channels: int, classes: dict[str, int]) -> Any:
    """The first design's age network; 422,695 parameters at 200×200 grey and 7 classes."""
    import keras
    from keras import layers

    x = inputs = keras.Input((size, size, channels))
    for filters in (32, 64, 128, 256):
        x = layers.AveragePooling2D(2)(layers.Conv2D(filters, 3, activation="relu")(x))
    x = layers.Dense(132, activation="relu")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, _softmaxes(x, classes))


def seed_blocks(size: int, channels: int, classes: dict[str, int]) -> Any:
    """The first design's gender (1,567,874 parameters at 100×100, 2 classes) and mood network (683,267 at 48×48, 3)."""
    import keras
    from keras import layers

    x = inputs = keras.Input((size, size, channels))
    for filters in (32, 64, 128, 256):
        x = layers.Conv2D(filters, 3, padding="same", kernel_regularizer=keras.regularizers.L2(0.001))(x)
        x = layers.MaxPooling2D(2)(layers.ReLU()(layers.Dropout(0.1)(x)))
    x = layers.Dropout(0.2)(layers.Dense(128, activation="relu")(layers.Flatten()(x)))
    return keras.Model(inputs, _softmaxes(x, classes))
