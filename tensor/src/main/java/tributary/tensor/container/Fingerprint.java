package tributary.tensor.container;

import java.util.Map;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import tributary.tensor.TensorView;

/** Identifies weights: equal for equal tensors, however they are split into files. */
public final class Fingerprint {
  private Fingerprint() {}

  /**
   * Lower-case hexadecimal SHA-256 over the sorted names, each with its type, shape and the SHA-256
   * of its bytes. Reads every byte.
   *
   * <p>Hashed are, for each name in ascending order, four texts in UTF-8, each preceded by its
   * number of bytes (32 bits, little-endian): the name, the type's name, the shape as in {@code
   * [8192, 384]}, and the lower-case hexadecimal SHA-256 of the tensor's bytes.
   */
  public static String of(TensorSource source) {
    SortedSet<String> names = source.names();
    Map<String, String> digests = new ConcurrentHashMap<>();
    names.parallelStream()
        .forEach(name -> digests.put(name, Sha256.hex(source.tensor(name).data())));
    Sha256 all = new Sha256();
    for (String name : names) {
      TensorView tensor = source.tensor(name);
      all.add(name)
          .add(tensor.type().name())
          .add(tensor.shape().toString())
          .add(String.valueOf(digests.get(name)));
    }
    return all.hex();
  }
}
