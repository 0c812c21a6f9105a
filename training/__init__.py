"""Pictures become a trusted, versioned model."""
