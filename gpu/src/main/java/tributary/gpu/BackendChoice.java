package tributary.gpu;

/** Which backend is wanted. */
public enum BackendChoice {
  /** The fastest that works here. */
  AUTO,
  /** The definition: plain Java, slow. */
  SCALAR,
  /** The Vector API, several threads. */
  VECTOR
}
