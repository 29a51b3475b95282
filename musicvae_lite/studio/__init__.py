"""The local page of `mvae studio`: starlette serves it, the library makes the music, the browser plays it.

    settings.py   what may be asked of the server: sizes, times, counts
    guard.py      who may ask: hosts, origins, the size of what is sent
    addresses.py  where it can be reached, from here and from other machines
    songs.py      songs and their windows
    reader.py     songs of strangers, read in a process of their own
    asking.py     what a request says, checked field by field
    listing.py    which models and examples there are
    loading.py    the band, loaded behind the page
    band.py       the models, and what they play
    app.py        the routes
    serving.py    the server, on loopback unless told otherwise
    static/       the page itself: no build step, no outside request

The server keeps nothing of its visitors: a find is a few codes, which live in the page's address.
"""
