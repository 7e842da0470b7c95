package tributary.actors;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tributary.model.AdapterImport;
import tributary.model.DeltaOutline;
import tributary.model.peft.AdapterFile;
import tributary.model.peft.PeftAdapter;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Deltas and registrations in a directory that all nodes share.
 *
 * <pre>
 * objects/SHA-256.delta       a delta file under the hash of its bytes; never changes
 * models/NAME.properties      a {@link Registration}
 * </pre>
 *
 * Every file appears whole or not at all: it is written under another name, forced to disk and
 * renamed, and the name is forced to disk before anybody is told of it. So a registration on disk
 * names only deltas on disk. The last writer of a registration wins. Nodes may clean it side by
 * side.
 */
final class ArtifactStore {
  private static final String DELTA = ".delta";
  private static final String PROPERTIES = ".properties";
  private static final String PART = ".part";

  /**
   * Bounds of the directory.
   *
   * @param most bytes of deltas; one more is refused
   * @param grace after which a delta that no registration names is deleted
   */
  record Limits(Bytes most, Duration grace) {
    static final Limits NONE = new Limits(new Bytes(Long.MAX_VALUE), Duration.ofDays(30));
  }

  /** A registration as it was read, and what its file looked like. */
  private record Seen(@Nullable Object file, FileTime modified, Registration registration) {}

  private final Path objects;
  private final Path models;
  private final Path base;
  private final Limits limits;
  private final Map<DeltaId, Seen> seen = new ConcurrentHashMap<>();

  private ArtifactStore(Path objects, Path models, Path base, Limits limits) {
    this.objects = objects;
    this.models = models;
    this.base = base;
    this.limits = limits;
  }

  /**
   * Opens a store, which is made if it is not there.
   *
   * @param base directory of the base that adapters are made into deltas of
   */
  static ArtifactStore open(Path directory, Path base, Limits limits) {
    try {
      Path objects = Files.createDirectories(directory.resolve("objects"));
      Path models = Files.createDirectories(directory.resolve("models"));
      force(directory);
      return new ArtifactStore(objects, models, base, limits);
    } catch (IOException e) {
      throw failed(ErrorCode.FILE_UNWRITABLE, "store %s cannot be made".formatted(directory), e);
    }
  }

  /**
   * Takes a copy of a delta file whose every byte has been verified, or makes one of an adapter's
   * directory; returns its version, the hash of its bytes. Doing so twice is doing it once.
   */
  String publish(Path source) {
    boolean adapter = PeftAdapter.isAdapter(source);
    if (!adapter && !Files.isRegularFile(source)) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "there is no delta file %s on the server's machine, nor an adapter of that name"
              .formatted(source.getFileName()),
          "delta");
    }
    Path part = null;
    Path imported = null;
    try {
      requireRoom(adapter ? source.resolve(PeftAdapter.WEIGHTS) : source);
      part = Files.createTempFile(objects, "incoming", PART);
      if (adapter) {
        imported = Files.createTempFile(objects, "imported", PART);
        String name = source.getFileName().toString();
        AdapterImport.write(base, List.of(new AdapterFile.Weighted(source, 1)), name, imported);
      }
      String version = copy(imported == null ? source : imported, part);
      DeltaOutline.verify(part);
      moveInto(part, file(version));
      return version;
    } catch (IOException e) {
      throw failed(ErrorCode.FILE_UNWRITABLE, "%s cannot be stored".formatted(source), e);
    } finally {
      discard(imported);
      discard(part);
    }
  }

  private void requireRoom(Path source) throws IOException {
    long wanted = Files.size(source);
    if (wanted > limits.most.count() - storedBytes()) {
      collect(Instant.now());
    }
    long stored = storedBytes();
    if (wanted > limits.most.count() - stored) {
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST,
          "%s has %d bytes, the store holds %d of at most %d; remove variants or raise"
                  .formatted(source.getFileName(), wanted, stored, limits.most.count())
              + " tributary.deltas.store-max",
          "delta");
    }
  }

  private long storedBytes() throws IOException {
    long sum = 0;
    for (Path object : list(objects)) {
      sum += object.toFile().length(); // 0 for one that has just been deleted.
    }
    return sum;
  }

  /**
   * Deletes deltas that no registration names and that came, or came again, longer ago than the
   * grace; and what interrupted copies have left. Who has such a delta open keeps it.
   *
   * @return the bytes of what was deleted
   */
  Bytes collect(Instant now) {
    FileTime before = FileTime.from(now.minus(limits.grace));
    long deleted = 0;
    try {
      // What is published from here on is too young, so it does not matter that it is not named.
      var named = new HashSet<Path>();
      for (Registration registration : registrations().values()) {
        registration.versions().forEach(version -> named.add(file(version)));
      }
      for (Path object : list(objects)) {
        if (!named.contains(object) && isOlder(object, before)) {
          long bytes = object.toFile().length();
          deleted += Files.deleteIfExists(object) ? bytes : 0;
        }
      }
      for (Path file : list(models)) {
        if (file.toString().endsWith(PART) && isOlder(file, before)) {
          Files.deleteIfExists(file);
        }
      }
      return new Bytes(deleted);
    } catch (IOException e) {
      throw failed(ErrorCode.FILE_UNWRITABLE, "store %s cannot be cleaned".formatted(objects), e);
    }
  }

  private static boolean isOlder(Path file, FileTime moment) throws IOException {
    try {
      return Files.getLastModifiedTime(file).compareTo(moment) < 0;
    } catch (NoSuchFileException gone) {
      return false;
    }
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  Path file(String version) {
    return objects.resolve(version + DELTA);
  }

  Optional<Registration> registration(DeltaId id) {
    Path file = models.resolve(id.name() + PROPERTIES);
    try {
      var found = Files.readAttributes(file, BasicFileAttributes.class);
      Seen known = seen.get(id);
      boolean isKnown =
          known != null
              && known.modified.equals(found.lastModifiedTime())
              && Objects.equals(known.file, found.fileKey());
      if (known == null || !isKnown) {
        known = new Seen(found.fileKey(), found.lastModifiedTime(), read(id, file));
        seen.put(id, known);
      }
      return Optional.of(known.registration);
    } catch (NoSuchFileException e) {
      seen.remove(id);
      return Optional.empty();
    } catch (IOException e) {
      throw failed(ErrorCode.FILE_UNREADABLE, "registration %s cannot be read".formatted(file), e);
    }
  }

  private static Registration read(DeltaId id, Path file) throws IOException {
    var properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
    }
    return Registration.of(id, properties);
  }

  SortedMap<DeltaId, Registration> registrations() {
    var all = new TreeMap<DeltaId, Registration>();
    try (Stream<Path> files = Files.list(models)) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(PROPERTIES))
          .map(name -> name.substring(0, name.length() - PROPERTIES.length()))
          .filter(DeltaId::isLegal)
          .forEach(name ->
              registration(new DeltaId(name)).ifPresent(found -> all.put(found.name(), found)));
      return all;
    } catch (IOException | UncheckedIOException e) {
      throw failed(ErrorCode.FILE_UNREADABLE, "store %s cannot be read".formatted(models), e);
    }
  }

  void write(Registration registration) {
    Path part = null;
    try {
      part = Files.createTempFile(models, "incoming", PART);
      try (var out = Files.newOutputStream(part)) {
        registration.properties().store(out, null);
      }
      moveInto(part, models.resolve(registration.name().name() + PROPERTIES));
    } catch (IOException e) {
      throw failed(
          ErrorCode.FILE_UNWRITABLE, "model %s cannot be stored".formatted(registration.name()), e);
    } finally {
      discard(part);
    }
  }

  /** Forgets a registration; its files stay, for others may name them. */
  void remove(DeltaId id) {
    try {
      Files.deleteIfExists(models.resolve(id.name() + PROPERTIES));
      force(models);
    } catch (IOException e) {
      throw failed(ErrorCode.FILE_UNWRITABLE, "model %s cannot be removed".formatted(id), e);
    }
  }

  private static String copy(Path from, Path to) throws IOException {
    MessageDigest sha256 = sha256();
    try (var in = new DigestInputStream(Files.newInputStream(from), sha256);
        var out = Files.newOutputStream(to)) {
      in.transferTo(out);
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static void moveInto(Path part, Path target) throws IOException {
    force(part);
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Path directory = target.getParent();
    if (directory != null) {
      force(directory);
    }
  }

  /** Makes a file's bytes, or a directory's names, survive a power cut. */
  private static void force(Path fileOrDirectory) throws IOException {
    try (FileChannel channel = FileChannel.open(fileOrDirectory)) {
      channel.force(true);
    }
  }

  private static void discard(@Nullable Path part) {
    if (part != null) {
      try {
        Files.deleteIfExists(part);
      } catch (IOException e) {
        part.toFile().deleteOnExit();
      }
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  private static TributaryException failed(ErrorCode code, String what, Exception cause) {
    return new TributaryException(code, what + ": " + cause.getMessage(), cause);
  }
}
