"""Long tables, and the same scenes made with OpenUSD alone to compare them with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from pxr import Gf, Sdf, Usd, Vt
from usd_values import canonical

# Arrow type, Sdf type, and what makes a USD value of a Python one.
KINDS = {
    "double": (pa.float64(), "double", float),
    "float": (pa.float32(), "float", float),
    "int": (pa.int32(), "int", int),
    "bool": (pa.bool_(), "bool", bool),
    "string": (pa.string(), "string", str),
    "float3": (pa.list_(pa.float32(), 3), "float3", lambda v: Gf.Vec3f(*v)),
    "doubles": (pa.list_(pa.float64()), "double[]", Vt.DoubleArray),
    "day": (pa.string(), "string", str),
}


@dataclass
class LongTable:
    """Rows of a long table. Column names are those of their kinds."""

    paths: list[str | None]
    times: list[object]
    columns: dict[str, list[object]]
    time_type: pa.DataType = field(default_factory=pa.float64)

    def __len__(self) -> int:
        return len(self.paths)

    def arrow(self) -> pa.Table:
        columns: dict[str, object] = {
            "path": pa.array(self.paths, pa.string()),
            "frame": pa.array(self.times, self.time_type),
        }
        for name, cells in self.columns.items():
            columns[name] = pa.array(cells, KINDS[name][0])
        return pa.table(columns)

    def in_order(self, order: Iterable[int]) -> LongTable:
        """The rows with these numbers."""
        rows = list(order)
        return LongTable(
            [self.paths[row] for row in rows],
            [self.times[row] for row in rows],
            {name: [cells[row] for row in rows] for name, cells in self.columns.items()},
            self.time_type,
        )


def usd_layer(table: LongTable, codes: Sequence[float | None]) -> Sdf.Layer:
    """The layer of a table, authored with Sdf; `codes` are the time codes of its rows."""
    layer = Sdf.Layer.CreateAnonymous(".usda")
    later = {
        (path, code): row for row, (path, code) in enumerate(zip(table.paths, codes, strict=True))
    }
    first_rows = {path: row for row, path in reversed(list(enumerate(table.paths)))}
    for path in sorted(first_rows, key=first_rows.__getitem__):
        prim = Sdf.CreatePrimInLayer(layer, path)
        rows = [row for (prim_path, _), row in later.items() if prim_path == path]
        for name, cells in table.columns.items():
            if all(cells[row] is None for row in rows):
                continue
            type_name = Sdf.ValueTypeNames.Find(KINDS[name][1])
            Sdf.AttributeSpec(prim, name, type_name, Sdf.VariabilityVarying)
    # A time of -0 is time 0: adding 0 makes -0.0 a 0.0, which the text of a layer tells apart.
    for (path, code), row in later.items():
        for name, cells in table.columns.items():
            if cells[row] is None:
                continue
            value = KINDS[name][2](cells[row])
            spec = layer.GetAttributeAtPath(f"{path}.{name}")
            if code is None:
                spec.default = value
            else:
                layer.SetTimeSample(spec.path, code + 0.0, value)
    present = [code for code in codes if code is not None]
    if present:
        layer.startTimeCode, layer.endTimeCode = min(present) + 0.0, max(present) + 0.0
    return layer


def previous_sample(layer: Sdf.Layer, path: Sdf.Path, time: float) -> float | None:
    """The last sample before a time, from the list of all."""
    before = [sample for sample in layer.ListTimeSamplesForPath(path) if sample < time]
    return before[-1] if before else None


def check_layers(ours: Sdf.Layer, theirs: Sdf.Layer, queries: Iterable[float]) -> None:
    """Assert that both layers have the same specs, fields and samples."""
    assert ours.ExportToString() == theirs.ExportToString()
    queries = list(queries)
    assert ours.ListAllTimeSamples() == theirs.ListAllTimeSamples()
    for time in queries:
        want = theirs.GetBracketingTimeSamples(time)
        assert ours.GetBracketingTimeSamples(time) == want, time
    attributes: list[Sdf.Path] = []
    theirs.Traverse("/", lambda path: attributes.append(path) if path.IsPropertyPath() else None)
    for path in attributes:
        samples = theirs.ListTimeSamplesForPath(path)
        assert ours.ListTimeSamplesForPath(path) == samples, path
        assert ours.GetNumTimeSamplesForPath(path) == len(samples), path
        spec = ours.GetAttributeAtPath(path)
        assert spec.HasInfo("timeSamples") == bool(samples), path
        assert spec.HasInfo("default") == theirs.GetAttributeAtPath(path).HasInfo("default"), path
        assert set(spec.ListInfoKeys()) == set(theirs.GetAttributeAtPath(path).ListInfoKeys()), path
        for time in [*queries, *samples]:
            where = (path, time)
            assert ours.GetBracketingTimeSamplesForPath(
                path, time
            ) == theirs.GetBracketingTimeSamplesForPath(path, time), where
            assert canonical(ours.QueryTimeSample(path, time)) == canonical(
                theirs.QueryTimeSample(path, time)
            ), where
            has_previous, previous = ours.GetPreviousTimeSampleForPath(path, time)
            assert (previous if has_previous else None) == previous_sample(theirs, path, time), (
                where
            )


def check_stages(ours: Usd.Stage, theirs: Usd.Stage, queries: Iterable[float]) -> None:
    """Assert that value resolution answers the same, interpolated and held."""
    queries = list(queries)
    for interpolation in (Usd.InterpolationTypeLinear, Usd.InterpolationTypeHeld):
        ours.SetInterpolationType(interpolation)
        theirs.SetInterpolationType(interpolation)
        for prim in theirs.TraverseAll():
            for want in prim.GetAttributes():
                got = ours.GetAttributeAtPath(want.GetPath())
                assert got, want.GetPath()
                assert got.GetTimeSamples() == want.GetTimeSamples(), want.GetPath()
                assert got.GetNumTimeSamples() == want.GetNumTimeSamples(), want.GetPath()
                assert got.ValueMightBeTimeVarying() == want.ValueMightBeTimeVarying()
                assert canonical(got.Get()) == canonical(want.Get()), want.GetPath()
                query_got, query_want = Usd.AttributeQuery(got), Usd.AttributeQuery(want)
                for time in queries:
                    where = (want.GetPath(), time, interpolation)
                    assert got.GetBracketingTimeSamples(time) == want.GetBracketingTimeSamples(
                        time
                    ), where
                    expected = canonical(query_want.Get(time))
                    assert canonical(query_got.Get(time)) == expected, where
                    assert canonical(got.Get(time)) == expected, where


def usdc_stage(layer: Sdf.Layer, file: Path) -> Usd.Stage:
    """A stage of the layer, saved as USDC."""
    assert layer.Export(str(file))
    stage = Usd.Stage.Open(str(file))
    assert stage.GetRootLayer().GetFileFormat().formatId == "usdc"
    return stage
