"""From cascade to cost: any cascade of Einsums, bound to the arrays of an attention accelerator."""
