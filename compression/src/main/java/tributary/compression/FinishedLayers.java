package tributary.compression;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor;

/**
 * Layers of an unfinished compression, each a delta file of its own in one directory, so that the
 * same compression goes on behind the last of them after an interruption. Together they take about
 * as much as the delta that they become.
 *
 * <p>Every file says what it was made of. A directory of other models, records or settings is
 * refused, since a delta of both would be neither.
 */
final class FinishedLayers implements AutoCloseable {
  private final Path directory;
  private final DeltaManifest origin;
  private final List<DeltaFile> open = new ArrayList<>();

  private FinishedLayers(Path directory, DeltaManifest origin) {
    this.directory = directory;
    this.origin = origin;
  }

  /**
   * The layers in a directory, which is made where it is missing.
   *
   * @param manifest of the delta that is to be
   * @param tuned the fine-tune
   */
  static FinishedLayers in(
      Path directory,
      DeltaManifest manifest,
      TensorSource tuned,
      DeltaEncoder.Calibration calibration) {
    SortedMap<String, String> made = new TreeMap<>(manifest.codecSettings());
    made.put("fine-tune", Fingerprint.of(tuned));
    made.put("records", digest(calibration.records()));
    made.put("samples", String.valueOf(calibration.samples()));
    made.put("tokens", String.valueOf(calibration.tokens()));
    made.put("backend", calibration.backend().description());
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
    return new FinishedLayers(
        directory,
        new DeltaManifest(
            manifest.codec(),
            made,
            manifest.baseFingerprint(),
            manifest.model(),
            manifest.originalBytes(),
            manifest.originalElements()));
  }

  private static String digest(Path file) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha256)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java runtime has SHA-256", e);
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNREADABLE, file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** An encoder that takes over the layers that are finished, and keeps those that it finishes. */
  LinearEncoder remembering(LinearEncoder encoder) {
    return (problem, arena) -> encode(encoder, problem, arena);
  }

  private DeltaTensor.Coded encode(LinearEncoder encoder, LinearProblem problem, Arena arena) {
    Path path = directory.resolve(problem.name().replaceAll("[^A-Za-z0-9._-]", "_") + ".layer");
    if (Files.exists(path)) {
      return read(path, problem.name());
    }
    DeltaTensor.Coded code = encoder.encode(problem, arena);
    SequencedMap<String, DeltaTensor> layer = new LinkedHashMap<>();
    layer.put(problem.name(), code);
    DeltaFile.write(path, origin, layer);
    return code;
  }

  private DeltaTensor.Coded read(Path path, String name) {
    DeltaFile file = DeltaFile.open(path);
    open.add(file);
    file.verifyChecksums();
    requireSameOrigin(path, file.manifest());
    if (!(file.tensors().get(name) instanceof DeltaTensor.Coded coded)) {
      throw new TributaryException(
          ErrorCode.INCOMPATIBLE_MODELS,
          "%s does not hold layer %s; delete %s and begin anew"
              .formatted(path, Quoted.of(name), directory));
    }
    return coded;
  }

  private void requireSameOrigin(Path path, DeltaManifest found) {
    Map<String, String> was = described(found);
    described(origin)
        .forEach((what, wanted) -> {
          if (!wanted.equals(was.get(what))) {
            throw new TributaryException(
                ErrorCode.INCOMPATIBLE_MODELS,
                ("%s was made with %s %s, this run has %s; give what was given then, or delete %s and"
                        + " begin anew")
                    .formatted(
                        path,
                        what,
                        Quoted.of(String.valueOf(was.get(what))),
                        Quoted.of(wanted),
                        directory));
          }
        });
  }

  private static SortedMap<String, String> described(DeltaManifest manifest) {
    SortedMap<String, String> all = new TreeMap<>(manifest.codecSettings());
    all.put("codec", manifest.codec());
    all.put("base", manifest.baseFingerprint());
    return all;
  }

  /** Deletes the layers, after they have become a delta. */
  void delete() {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  private static TributaryException unwritable(Path directory, IOException e) {
    return new TributaryException(
        ErrorCode.FILE_UNWRITABLE,
        "%s cannot be changed: %s".formatted(directory, e.getMessage()),
        e);
  }

  /** Unmaps what was read; codes that came from here are gone then. */
  @Override
  public void close() {
    open.forEach(DeltaFile::close);
  }
}
