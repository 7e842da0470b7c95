package tributary.benchmarks.engines;

import java.io.IOException;

/** A system that decodes, measured in a process of its own. */
public interface Engine {

  /** Its name in tables. */
  String name();

  /** The path taken through it, and the number formats of weights, activations and KV cache. */
  String arithmetic();

  /** Runs one measurement to its end. */
  DecodeResult decode(DecodeTask task) throws IOException, InterruptedException;
}
