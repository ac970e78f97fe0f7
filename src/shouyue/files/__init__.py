"""Files: what people attach; kept in Django's storage, checked when stored and each time they are read.

Words: stored file, attached to (type, id). Below: parties. Above: everything that has attachments.
"""
