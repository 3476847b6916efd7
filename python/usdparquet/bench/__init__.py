"""The benchmark suite: Parquet layers compared with USDC layers that hold the same properties.

`table` makes the values, `usdparquet.generate` writes them in every format, `runner` starts one
fresh process (`worker`) per sample, `results` turns the samples into ``results.json``.
"""
