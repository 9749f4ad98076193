"""Operations as data: the one JSON form that journal, API and SDK share."""
