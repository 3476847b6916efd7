"""What commands do with files: tables read, queried, described and written; layers converted."""
