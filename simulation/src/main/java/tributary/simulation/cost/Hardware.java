package tributary.simulation.cost;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import tributary.protocol.Bytes;

/**
 * One kind of GPU and the host around it.
 *
 * @param memory of the device, what a process can have of it
 * @param readBandwidth bytes a second that a kernel can read
 * @param compute 16-bit operations a second that a large multiplication reaches
 * @param hostLink from pinned host memory to the device
 * @param disk from disk to host memory
 * @param hostMemory for weights, of each GPU's share of the host
 * @param source of the figures
 */
public record Hardware(
    String name,
    Bytes memory,
    double readBandwidth,
    double compute,
    LinkCost hostLink,
    LinkCost disk,
    Bytes hostMemory,
    String source) {
  private static final double ASSUMED_DISK = 3e9;
  private static final Bytes HOST_MEMORY = new Bytes(128_000_000_000L);

  private static final List<Hardware> KNOWN =
      List.of(
          new Hardware(
              "h100",
              new Bytes(78L << 30),
              3.094e12,
              673e12,
              new LinkCost(54.7e9, 20e-6, 2),
              new LinkCost(ASSUMED_DISK, 1e-3, 2),
              HOST_MEMORY,
              "memory, reads, 16-bit products and host link as measured on an H100 80GB HBM3;"
                  + " disk assumed"),
          new Hardware(
              "a100",
              new Bytes(78L << 30),
              1.83e12,
              260e12,
              new LinkCost(24e9, 20e-6, 2),
              new LinkCost(ASSUMED_DISK, 1e-3, 2),
              HOST_MEMORY,
              "data sheet of the A100 80GB SXM (2039 GB/s, 312 TFLOP/s, PCIe 4) times 0.90, 0.83"
                  + " and 0.76; disk assumed; kernels scaled from the H100"));

  public static Optional<Hardware> named(String name) {
    return KNOWN.stream().filter(known -> known.name.equals(name)).findFirst();
  }

  public static String names() {
    return KNOWN.stream().map(Hardware::name).collect(Collectors.joining(", "));
  }

  /** The same host with a disk of another speed. */
  public Hardware withDisk(double bytesPerSecond) {
    LinkCost other = new LinkCost(bytesPerSecond, disk.latencySeconds(), disk.concurrent());
    return new Hardware(name, memory, readBandwidth, compute, hostLink, other, hostMemory, source);
  }
}
