package tributary.simulation.engine;

/** How the rows of several tenants go through a step. */
public enum Sharing {
  /** The base's matrices are read once for all rows, each delta once for its rows. */
  ONE_BASE,
  /** Every tenant's rows go through a whole model of their own. */
  WHOLE_MODELS
}
