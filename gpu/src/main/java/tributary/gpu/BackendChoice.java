package tributary.gpu;

/** Which backend is wanted. */
public enum BackendChoice {
  /** The fastest that works here. */
  AUTO,
  /** A CUDA device: whole steps, in bf16. */
  CUDA,
  /** The fastest on the host's processors. */
  CPU,
  /** The definition: plain Java, slow. */
  SCALAR,
  /** The Vector API, several threads. */
  VECTOR
}
