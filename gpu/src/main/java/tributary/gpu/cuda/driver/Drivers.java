package tributary.gpu.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.util.NoSuchElementException;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import tributary.protocol.Bytes;

/** Finds a device that can be computed on, or says why there is none. */
public final class Drivers {
  /** Clusters, and launches that overlap, begin with this capability. */
  private static final int CAPABILITY_MIN = 90;

  private static final String LIBRARY = "libcuda.so.1";

  private Drivers() {}

  /** What came of looking for a device. */
  public sealed interface Probe {
    /** The caller closes the driver. */
    record Found(Driver driver) implements Probe {}

    /**
     * @param reason what is missing, and what would cure it
     */
    record Missing(String reason) implements Probe {}
  }

  /** Looks for the first device and opens it. */
  @SuppressWarnings("restricted") // Start scripts and tests allow native access.
  public static Probe probe() {
    SymbolLookup library;
    try {
      library = SymbolLookup.libraryLookup(LIBRARY, Arena.global());
    } catch (IllegalArgumentException e) {
      return new Probe.Missing(
          "%s is not on this machine; install NVIDIA's driver".formatted(LIBRARY));
    }
    try {
      return probe(LaunchExtension.find(library));
    } catch (NoSuchElementException e) {
      return new Probe.Missing(
          "%s is too old (%s); install a driver for CUDA 12 or later"
              .formatted(LIBRARY, e.getMessage()));
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
      return new Probe.Missing("JCuda does not load: " + e.getMessage());
    } catch (CudaException e) {
      return new Probe.Missing("the driver refuses: " + e.getMessage());
    }
  }

  private static Probe probe(LaunchExtension extension) {
    JCudaDriver.setExceptionsEnabled(false);
    int initialized = JCudaDriver.cuInit(0);
    if (initialized != CUresult.CUDA_SUCCESS) {
      return new Probe.Missing(
          "cuInit answers %s; is there a device, and may this process use it?"
              .formatted(InstalledDriver.name(initialized)));
    }
    int[] count = new int[1];
    InstalledDriver.check("cuDeviceGetCount", JCudaDriver.cuDeviceGetCount(count));
    if (count[0] == 0) {
      return new Probe.Missing("the driver sees no device");
    }
    CUdevice device = new CUdevice();
    InstalledDriver.check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, 0));
    DeviceFacts facts = facts(device);
    if (facts.capability() < CAPABILITY_MIN) {
      return new Probe.Missing(
          "%s has compute capability %d.%d; the kernels need %d.%d or later"
              .formatted(
                  facts.name(),
                  facts.capability() / 10,
                  facts.capability() % 10,
                  CAPABILITY_MIN / 10,
                  CAPABILITY_MIN % 10));
    }
    return new Probe.Found(InstalledDriver.open(device, facts, extension));
  }

  private static DeviceFacts facts(CUdevice device) {
    byte[] name = new byte[256];
    InstalledDriver.check(
        "cuDeviceGetName", JCudaDriver.cuDeviceGetName(name, name.length, device));
    int length = 0;
    while (length < name.length && name[length] != 0) {
      length++;
    }
    long[] memory = new long[1];
    InstalledDriver.check("cuDeviceTotalMem", JCudaDriver.cuDeviceTotalMem(memory, device));
    int major = attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    int minor = attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    return new DeviceFacts(
        new String(name, 0, length, StandardCharsets.US_ASCII),
        10 * major + minor,
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
        new Bytes(memory[0]));
  }

  private static int attribute(CUdevice device, int attribute) {
    int[] value = new int[1];
    InstalledDriver.check(
        "cuDeviceGetAttribute attribute=" + attribute,
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device));
    return value[0];
  }
}
