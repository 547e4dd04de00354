"""What both doors share: the transaction of a request, who is asking, errors as problem+json, bodies."""
