"""A till's file becomes purchases: sniff -> formats (which column is what) -> parse -> stage -> undo."""
