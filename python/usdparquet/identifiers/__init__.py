"""Tables that know the ids of prims instead of their paths.

The ids of a scene are in an attribute, in metadata or in the names of its prims. ``scene_ids``
reads them, ``id_text`` says when two of them are the same, and ``join`` puts the rows of a table at
the prims with their ids. ``usdparquet.bind`` writes the result as a layer.
"""
