package tributary.tensor.format.tiles;

import java.util.List;
import tributary.tensor.format.LookupPlanes;

/**
 * Look-up planes: each plane in the order of {@link SignTiles}, and for each width w its tables.
 * The code of an input is composed of the same bit of the words of planes 0 .. w - 1, plane 0 being
 * the most significant.
 *
 * @param planes first plane first
 * @param tables for width w at w - 1: {@link RowNumbers} [tiles][2^w codes][8 g][2 halves], so that
 *     lanes of different outputs look up in different banks of shared memory
 */
public record LookupTiles(TileGrid grid, List<int[]> planes, List<float[]> tables) {
  public LookupTiles {
    planes = List.copyOf(planes);
    tables = List.copyOf(tables);
  }

  public static LookupTiles pack(LookupPlanes code) {
    TileGrid grid = new TileGrid(code.rows(), code.columns());
    return new LookupTiles(
        grid,
        code.planes().stream().map(plane -> SignTiles.pack(plane, grid)).toList(),
        code.tables().stream().map(table -> RowNumbers.pack(table, code.rows())).toList());
  }

  /** The planes as they were before {@link #pack}. */
  public LookupPlanes unpack() {
    return new LookupPlanes(
        grid.rows(),
        grid.columns(),
        planes.stream().map(plane -> SignTiles.unpack(plane, grid)).toList(),
        tables.stream().map(table -> RowNumbers.unpack(table, grid.rows())).toList());
  }
}
