package tributary.gpu.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tributary.gpu.cuda.driver.Driver;

/** The kernels of this build, loaded into a device. */
final class Kernels implements AutoCloseable {
  /** One fat binary for each of the sources that steps need. */
  private static final List<String> BINARIES =
      List.of(
          "argmax",
          "bias",
          "draw",
          "embedding_gather",
          "fused_linear",
          "pack_grouped_tiles",
          "pack_index_tiles",
          "pack_lookup_tiles",
          "pack_sign_tiles",
          "pack_sparse_tiles",
          "pack_weight_tiles",
          "paged_decode",
          "paged_decode_any",
          "paged_prefill",
          "prefill_linear",
          "rms_norm",
          "rope_and_cache",
          "widen_projection",
          "fill_random",
          "read_all");

  private final Driver driver;
  private final Map<String, Long> modules = new HashMap<>();
  private final Map<String, Optional<Long>> functions = new HashMap<>();

  private Kernels(Driver driver) {
    this.driver = driver;
  }

  /** Why this build has no kernels, if it has none. */
  static Optional<String> missing() {
    List<String> absent = new ArrayList<>(BINARIES);
    absent.removeIf(name -> Kernels.class.getResource(resource(name)) != null);
    return absent.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "this build holds no kernel %s; build it with Maven's profile kernels, which needs CUDA's nvcc"
                .formatted(String.join(", ", absent)));
  }

  static Kernels load(Driver driver) {
    return load(driver, Kernels::binary);
  }

  /** Kernels from elsewhere than this build's resources. */
  static Kernels load(Driver driver, Function<String, byte[]> binaries) {
    Kernels kernels = new Kernels(driver);
    for (String name : BINARIES) {
      kernels.modules.put(name, driver.loadModule(binaries.apply(name)));
    }
    return kernels;
  }

  /** The kernel of this name in the binary of that name. */
  synchronized long function(String binary, String name) {
    return find(binary, name)
        .orElseThrow(() ->
            new IllegalStateException(
                "%s has no kernel %s; build both from the same sources".formatted(binary, name)));
  }

  /** The kernel, if the binary has one of this name. */
  synchronized Optional<Long> find(String binary, String name) {
    return functions.computeIfAbsent(
        name,
        _ -> {
          Long module = modules.get(binary);
          if (module == null) {
            throw new IllegalArgumentException("no binary " + binary);
          }
          return driver.function(module, name);
        });
  }

  private static byte[] binary(String name) {
    try (InputStream in = Kernels.class.getResourceAsStream(resource(name))) {
      if (in == null) {
        throw new IllegalStateException("this build holds no kernel " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("kernel " + name, e);
    }
  }

  private static String resource(String name) {
    return name + ".fatbin";
  }

  @Override
  public void close() {
    modules.values().forEach(driver::unloadModule);
    modules.clear();
    functions.clear();
  }
}
