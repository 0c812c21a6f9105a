"""The networks: one compact residual network of our own, and the three of the first design."""

from __future__ import annotations

from typing import Any

WIDTHS = (24, 48, 96, 144)


def compact(size: int, channels: int, classes: int) -> Any:
    """A residual network of about 1 M parameters and 0.14 GFLOPs at 64×64, a keras.Model with softmax output."""
    import keras
    from keras import layers

    inputs = keras.Input((size, size, channels))
    x = layers.Rescaling(2.0, -1.0)(inputs)
    x = layers.Conv2D(WIDTHS[0], 3, strides=2, padding="same", use_bias=False)(x)
    for stage, width in enumerate(WIDTHS):
        x = _residual(x, width, stride=1 if stage == 0 else 2)
        x = _residual(x, width, stride=1)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.25)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


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


def seed_age(size: int, channels: int, classes: int) -> Any:
    """The first design's age network; 422,695 parameters at 200×200 grey and 7 classes."""
    import keras
    from keras import layers

    network = [keras.Input((size, size, channels))]
    for filters in (32, 64, 128, 256):
        network += [layers.Conv2D(filters, 3, activation="relu"), layers.AveragePooling2D(2)]
    network += [layers.GlobalAveragePooling2D(), layers.Dense(132, activation="relu")]
    return keras.Sequential([*network, layers.Dense(classes, activation="softmax")])


def seed_blocks(size: int, channels: int, classes: int) -> Any:
    """The first design's gender (1,567,874 parameters at 100×100, 2 classes) and mood network (683,267 at 48×48, 3)."""
    import keras
    from keras import layers

    network = [keras.Input((size, size, channels))]
    for filters in (32, 64, 128, 256):
        network += [
            layers.Conv2D(filters, 3, padding="same", kernel_regularizer=keras.regularizers.L2(0.001)),
            layers.Dropout(0.1),
            layers.ReLU(),
            layers.MaxPooling2D(2),
        ]
    network += [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.2)]
    return keras.Sequential([*network, layers.Dense(classes, activation="softmax")])
