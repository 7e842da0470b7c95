package tributary.compression.bitdelta;

import tributary.tensor.format.SignPlanes;

/**
 * A coded difference and what the code loses.
 *
 * @param squaredNorm sum of squares of the difference
 * @param squaredError sum of squares of the difference minus its decoded form
 */
public record Encoded(SignPlanes planes, double squaredNorm, double squaredError) {}
