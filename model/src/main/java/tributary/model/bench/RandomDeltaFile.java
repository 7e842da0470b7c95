package tributary.model.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import tributary.model.network.Network;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;

/** A delta of random codes on disk, in the directory of temporary files, until it is closed. */
final class RandomDeltaFile implements AutoCloseable {
  private static final String NO_BASE = "0".repeat(64);
  private static final int READ_BYTES = 4 << 20;
  private static final int READERS = 16;

  private final Path path;

  RandomDeltaFile(RandomCode code, Network network) {
    try (Arena memory = Arena.ofShared()) {
      path = Files.createTempFile("tributary", ".delta.safetensors");
      var manifest =
          new DeltaManifest(code.kind().codec(), new TreeMap<>(), NO_BASE, "random", 0, 0);
      DeltaFile.write(path, manifest, new LinkedHashMap<>(code.differences(network, memory)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path path() {
    return path;
  }

  DeltaFile open() {
    return DeltaFile.open(path);
  }

  /** Milliseconds until the file is in memory, of which nothing was there before. */
  double read() {
    PageCache.evict(path);
    long begin = System.nanoTime();
    try (DeltaFile file = open()) {
      file.read(0, Integer.MAX_VALUE);
    }
    return (System.nanoTime() - begin) / 1e6;
  }

  /** Milliseconds until several threads have read its bytes, of which none were in memory. */
  double readPlainly() {
    PageCache.evict(path);
    var next = new AtomicLong();
    long begin = System.nanoTime();
    try (FileChannel file = FileChannel.open(path);
        ExecutorService readers = Executors.newFixedThreadPool(READERS)) {
      long bytes = file.size();
      for (var reader :
          IntStream.range(0, READERS)
              .mapToObj(_ -> readers.submit(() -> readPieces(file, bytes, next)))
              .toList()) {
        var _ = reader.get();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Exception e) {
      throw new IllegalStateException("the file cannot be read", e);
    }
    return (System.nanoTime() - begin) / 1e6;
  }

  private static int readPieces(FileChannel file, long bytes, AtomicLong next) throws IOException {
    int pieces = 0;
    try (Arena memory = Arena.ofConfined()) {
      ByteBuffer buffer = memory.allocate(READ_BYTES).asByteBuffer();
      for (long at = next.getAndAdd(READ_BYTES); at < bytes; at = next.getAndAdd(READ_BYTES)) {
        buffer.clear();
        if (file.read(buffer, at) <= 0) {
          throw new IOException("%s ends at %d".formatted(file, at));
        }
        pieces++;
      }
    }
    return pieces;
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
