"""Topics, permissions and schemas that lanes need: a plan that is data, its comparison with a cluster, its making."""
