import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Makes the archive that runs on a Linux host without Java: the start script, the jars and a Java
 * runtime with just the modules they need.
 *
 * <p>Jars lose what other platforms need and are stored, not deflated: xz then packs all classes
 * together, to about two thirds. Equal inputs give equal archives; xz makes others with one thread
 * than with several, so their number is fixed.
 */
final class PackageRelease {
  private static final List<String> MODULES =
      List.of(
          "java.base",
          "java.logging",
          "java.management",
          "java.naming", // DNS discovery of Akka
          "java.sql", // the ledger
          "java.xml", // Logback
          "jdk.httpserver", // Kamon's reporter
          "jdk.incubator.vector",
          "jdk.jfr", // Akka's flight recorder events
          "jdk.management",
          "jdk.unsupported"); // Unsafe, for Akka

  /** Entries that a jar carries for platforms other than Linux on x86-64. */
  private static final Pattern FOREIGN =
      Pattern.compile(
          String.join(
              "|",
              "native/lib/(?!linux-x86_64/|tokenizers\\.properties).*", // DJL tokenizers
              "(aix|darwin|freebsd|linux|win)/(?!amd64/libzstd-jni-.*\\.so).*", // zstd-jni
              "com/sun/jna/(?!linux-x86-64/)[a-z0-9]+-[a-z0-9-]+/.*",
              "org/jline/nativ/(?!Linux/x86_64/).*"));

  /** A jar by its name and version. */
  private static final Pattern MATERIAL =
      Pattern.compile("\"purl\"\\s*:\\s*\"pkg:maven/[^/\"]+/([^@\"]+)@([^?\"]+)");

  private final Path repository;
  private final Path root;
  private final Instant time;

  private PackageRelease(Path repository, Path root, Instant time) {
    this.repository = repository;
    this.root = root;
    this.time = time;
  }

  /** Arguments: repository, directory of jars, archive to write, time of its files, materials. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    var archive = Path.of(arguments[2]);
    var name = archive.getFileName().toString().replaceFirst("\\.tar\\.xz$", "");
    var root = archive.resolveSibling("release").resolve(name);
    deleteTree(root);
    Files.createDirectories(root);
    var release = new PackageRelease(Path.of(arguments[0]), root, Instant.parse(arguments[3]));
    release.link();
    release.slimJars(Path.of(arguments[1]));
    release.addMaterials(Path.of(arguments[4]));
    release.copyFiles();
    release.tryOut();
    release.archive(archive);
  }

  private void link() {
    int status =
        ToolProvider.findFirst("jlink")
            .orElseThrow(() -> new IllegalStateException("this JDK has no jlink"))
            .run(
                System.out,
                System.err,
                "--add-modules",
                String.join(",", MODULES),
                "--strip-debug",
                "--no-header-files",
                "--no-man-pages",
                "--compress=zip-0",
                "--output",
                root.resolve("runtime").toString());
    if (status != 0) {
      throw new IllegalStateException("jlink ended with " + status);
    }
  }

  private void slimJars(Path jars) throws IOException {
    var lib = Files.createDirectories(root.resolve("lib"));
    try (var files = Files.newDirectoryStream(jars, "*.jar")) {
      for (var jar : files) {
        slim(jar, lib.resolve(jar.getFileName()));
      }
    }
  }

  private void slim(Path jar, Path slimmed) throws IOException {
    try (var in = new ZipFile(jar.toFile());
        var out = new ZipOutputStream(Files.newOutputStream(slimmed), UTF_8)) {
      out.setMethod(ZipOutputStream.STORED);
      for (var entry : (Iterable<ZipEntry>) in.stream().map(ZipEntry.class::cast)::iterator) {
        if (entry.isDirectory() || FOREIGN.matcher(entry.getName()).matches()) {
          continue;
        }
        byte[] bytes = in.getInputStream(entry).readAllBytes();
        var crc = new CRC32();
        crc.update(bytes);
        var stored = new ZipEntry(entry.getName());
        stored.setSize(bytes.length);
        stored.setCompressedSize(bytes.length);
        stored.setCrc(crc.getValue());
        stored.setLastModifiedTime(FileTime.from(time));
        out.putNextEntry(stored);
        out.write(bytes);
        out.closeEntry();
      }
    }
  }

  /** The CycloneDX list of what is in the archive, which must name every jar. */
  private void addMaterials(Path list) throws IOException {
    if (!Files.exists(list)) {
      throw new IllegalStateException(
          list + " is missing: Maven does not make it offline; build the release without -o");
    }
    var named =
        MATERIAL
            .matcher(Files.readString(list))
            .results()
            .map(it -> it.group(1) + "-" + it.group(2))
            .toList();
    try (var jars = Files.newDirectoryStream(root.resolve("lib"))) {
      for (var jar : jars) {
        var name = jar.getFileName().toString();
        if (named.stream().noneMatch(name::startsWith)) {
          throw new IllegalStateException("%s does not name %s".formatted(list, name));
        }
      }
    }
    Files.copy(list, root.resolve(list.getFileName()));
  }

  private void copyFiles() throws IOException {
    var bin = Files.createDirectories(root.resolve("bin"));
    copyTree(repository.resolve("tributary"), bin.resolve("tributary"));
    for (var name : List.of("LICENSE", "NOTICE", "README.md")) {
      if (Files.exists(repository.resolve(name))) {
        copyTree(repository.resolve(name), root.resolve(name));
      }
    }
  }

  /** Computes one token, for which runtime, jars and their native libraries must all be whole. */
  private void tryOut() throws IOException, InterruptedException {
    var base = repository.resolve("demo/base").toString();
    var command =
        List.of(
            root.resolve("bin/tributary").toString(),
            "generate",
            "--base",
            base,
            "--prompt",
            "Hello",
            "--max-tokens",
            "1");
    int status = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (status != 0) {
      throw new IllegalStateException("what was packed cannot generate: it ended with " + status);
    }
  }

  private void archive(Path archive) throws IOException, InterruptedException {
    int status =
        new ProcessBuilder(
                "tar",
                "--create",
                "--use-compress-program=xz -6 -T2",
                "--file=" + archive,
                "--directory=" + root.getParent(),
                "--sort=name",
                "--mtime=" + time,
                "--owner=0",
                "--group=0",
                "--numeric-owner",
                root.getFileName().toString())
            .inheritIO()
            .start()
            .waitFor();
    if (status != 0) {
      throw new IllegalStateException("tar ended with " + status);
    }
    System.out.printf("%s: %.1f MiB%n", archive, Files.size(archive) / 1024.0 / 1024.0);
  }

  private static void copyTree(Path from, Path to) throws IOException {
    for (var path : walk(from)) {
      var target = to.resolve(from.relativize(path).toString());
      Files.copy(path, target, StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  private static void deleteTree(Path directory) throws IOException {
    if (Files.exists(directory)) {
      for (var path : walk(directory).reversed()) {
        Files.delete(path);
      }
    }
  }

  private static List<Path> walk(Path from) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      return paths.sorted(Comparator.naturalOrder()).toList();
    }
  }
}
