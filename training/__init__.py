"""Data sets become trusted, versioned models.

datasets/ (readers, near-duplicates, splits) -> augment -> networks -> fit -> evaluate -> artifacts, cards; recipes.py
names the combinations that are worth repeating. All of that is plain Keras and NumPy and runs without Django. The
thin Django part around it: models (what exists, what serves), registry (promote, go back) and tasks (retrain).
"""
