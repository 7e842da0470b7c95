package tributary.gpu.cuda.driver;

import tributary.protocol.Bytes;

/**
 * What is known of a device.
 *
 * @param capability ten times the major plus the minor number of its compute capability
 * @param sharedBytesMax dynamic and static shared memory of one block, at most
 */
public record DeviceFacts(
    String name, int capability, int multiprocessors, int sharedBytesMax, Bytes memory) {}
