"""Pages: parameters in, one call, a template out. Every object comes from `access`."""
