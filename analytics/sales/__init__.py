"""A till's file becomes purchases: sniff (encoding, dialect) -> formats (which column is what) -> parse -> stage -> undo."""
