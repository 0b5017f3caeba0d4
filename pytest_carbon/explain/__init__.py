"""Why a test burns more: profiles of two versions, and the functions that they name."""
